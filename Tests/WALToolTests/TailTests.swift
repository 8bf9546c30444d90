import Foundation
import TestSupport
import Testing

/// A user of `tail` must see each record once, whatever ends it.
struct TailTests {
    private let scratch: Scratch
    private let log: String

    init() throws {
        scratch = try Scratch()
        log = scratch.path("log")
    }

    /// Waits until a file has this number of lines.
    private func wait(for count: Int, in file: URL) throws {
        try eventuallyBlocking(every: .milliseconds(10)) { try lines(of: file).count >= count }
    }

    private func lines(of file: URL) throws -> [String] {
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }

    @Test(arguments: [SIGINT, SIGTERM]) func followsAWriterUntilItIsAskedToStop(_ number: Int32) throws {
        let first = try scratch.file("first", lines: (1...5).map { "line \($0)" })
        try #require(ToolRun(["append", log], input: first).status == 0)
        let output = scratch.file("output")
        try #require(FileManager.default.createFile(atPath: output.path, contents: nil))
        let tail = try ToolRun.process(["tail", log, "--follow", "-n", "3"])
        tail.standardOutput = try FileHandle(forWritingTo: output)
        try tail.run()
        defer { tail.terminate() }
        try wait(for: 3, in: output)

        let pipe = Pipe()
        let writer = try ToolRun.process(["append", log])
        writer.standardInput = pipe
        writer.standardOutput = FileHandle.nullDevice
        try writer.run()
        var count = 5
        for round in 1...20 {
            let lines = (1...50).map { "line \(count + $0)\n" }.joined()
            try pipe.fileHandleForWriting.write(contentsOf: Data(lines.utf8))
            count += 50
            if round % 5 == 0 { try wait(for: count - 2, in: output) }
        }
        // The writer still runs, and its records are shown all the same.
        #expect(try lines(of: output).count == count - 2)
        kill(tail.processIdentifier, number)
        tail.waitUntilExit()
        #expect(tail.terminationReason == .exit && tail.terminationStatus == 0)
        try pipe.fileHandleForWriting.close()
        writer.waitUntilExit()

        let shown = try lines(of: output).map { $0.split(separator: "\t") }
        let numbers: [Substring] = (3...count).map { "\($0)" }
        #expect(shown.map(\.first) == numbers)
        #expect(shown.map(\.last) == numbers.map { "line \($0)" })
    }

    /// Numbers that were skipped are no records.
    @Test func theLastRecordsAreThoseBeforeASkippedRange() throws {
        let input = try scratch.file("lines", lines: (1...2000).map { "line \($0)" })
        try #require(ToolRun(["append", log], input: input).status == 0)
        let (backup, copy) = (scratch.path("backup"), scratch.path("copy"))
        try #require(ToolRun(["backup", log, backup]).status == 0)
        try #require(ToolRun(["restore", backup, copy, "--to-sequence", "100"]).status == 0)
        func last(_ run: ToolRun) -> [String] {
            run.output.split(separator: "\n").map { String($0.split(separator: "\t").last ?? "") }
        }
        #expect(last(try ToolRun(["tail", copy])) == (91...100).map { "line \($0)" })
        #expect(last(try ToolRun(["tail", copy, "-n", "1000"])) == (1...100).map { "line \($0)" })
        #expect(try ToolRun(["tail", copy, "-n", "0"]).output.isEmpty)
        let top = try ToolRun(["top", copy, "--batch", "1", "--pane", "5"]).output
        #expect(top.contains("line 100\n") && top.contains("line 1\n"), "\(top)")
    }

    @Test func withoutFollowItEnds() throws {
        let input = try scratch.file("lines", lines: ["a", "b", "c"])
        try #require(ToolRun(["append", log], input: input).status == 0)
        let run = try ToolRun(["tail", log, "-n", "2"])
        #expect(run.status == 0)
        let payloads = run.output.split(separator: "\n").map { $0.split(separator: "\t").last }
        #expect(payloads == ["b", "c"])
    }
}
