import Foundation
import Testing

/// A file is read repeatedly while it is written. Each line is ingested once, when it is complete.
struct GrowingInputTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private static func line(_ id: String) -> String { #"{"type":"task_delete","task_id":"\#(id)"}"# }

    private func ingest(_ text: String, _ policy: String) throws -> ToolRun {
        let input = scratch.file("growing.ndjson")
        try Data(text.utf8).write(to: input)
        return try ToolRun([
            "ingest", "--log", scratch.path("log"), "--store", "memory:", "--json", "--on-bad-line", policy, input.path,
        ])
    }

    /// The input is cut at every byte, and the next run gets the rest.
    @Test(arguments: ["stop", "skip"]) func unfinishedLastLine(policy: String) throws {
        let text = Self.line("a") + "\n" + Self.line("bé") + "\r\n" + Self.line("c") + "\n"
        let second = Self.line("a").utf8.count + 1
        let bytes = Array(text.utf8)
        for cut in [second + 1, second + 20, second + 33, second + Self.line("bé").utf8.count - 1] {
            let first = scratch.file("growing.ndjson")
            try Data(bytes[..<cut]).write(to: first)
            let arguments = [
                "ingest", "--log", scratch.path("log"), "--store", "memory:", "--json", "--on-bad-line", policy,
                first.path,
            ]
            let before = try ToolRun(arguments)
            #expect(before.status == 0, "\(cut): \(before.errors)")
            #expect(try before.json["lines"] as? Int == 1)
            #expect(try before.json["unfinished_bytes"] as? Int == cut - second)
            try Data(bytes).write(to: first)
            let after = try ToolRun(arguments)
            #expect(after.status == 0, "\(cut): \(after.errors)")
            #expect(try after.json["lines_before"] as? Int == 1)
            #expect(try after.json["lines"] as? Int == 2)
            #expect(try after.json["bad_lines"] as? Int == 0)
            #expect(try after.json["unfinished_bytes"] as? Int == 0)
            try FileManager.default.removeItem(atPath: scratch.path("log"))
        }
    }

    @Test(arguments: ["stop", "skip"]) func aWholeLineWithoutAnEndIsTaken(policy: String) throws {
        #expect(try ingest(Self.line("a"), policy).json["lines"] as? Int == 1)
        // The line's end comes later, in either form, and nothing is ingested twice.
        #expect(try ingest(Self.line("a") + "\r\n", policy).json["lines"] as? Int == 0)
        let more = try ingest(Self.line("a") + "\r\n" + Self.line("b"), policy)
        #expect(try more.json["lines"] as? Int == 1, "\(more.errors)")
        #expect(try more.json["lines_before"] as? Int == 1)
    }

    /// A complete, invalid line is a bad line, with a line end or without.
    @Test func aWholeBadLineWithoutAnEndIsBad() throws {
        let text = Self.line("a") + "\n" + #"{"type":"nonsense"}"#
        #expect(try ingest(text, "stop").status == 65)
        #expect(try ingest(text, "skip").json["bad_lines"] as? Int == 1)
    }

    @Test func spaceBehindTheLastLineEndIsLeft() throws {
        #expect(try ingest(Self.line("a") + "\n  ", "stop").json["lines"] as? Int == 1)
        let run = try ingest(Self.line("a") + "\n  " + Self.line("b") + "\n", "stop")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try run.json["lines"] as? Int == 1)
    }

    /// A signal while the lines of an earlier run are skipped is reported as at any other time.
    @Test func aSignalWhileItSkipsEndsItInOrder() throws {
        let lines = (0..<30_000).map { Self.line("t\($0)") + "\n" }
        let whole = scratch.file("whole")
        try Data(lines.joined().utf8).write(to: whole)
        let arguments = ["ingest", "--log", scratch.path("log"), "--store", "memory:", "--json"]
        try #require(ToolRun(arguments, input: whole).status == 0)
        let process = try ToolRun.process(arguments)
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // A pipe has no room for all of this. So the process has read most of it, and skips it.
        try input.fileHandleForWriting.write(contentsOf: Data(lines.prefix(15_000).joined().utf8))
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let summary = try #require(JSONSerialization.jsonObject(with: printed) as? [String: Any])
        #expect(summary["lines_before"] as? Int == 30_000 && summary["lines"] as? Int == 0)
        #expect(summary["stopped_by"] as? String == "SIGTERM")
    }

    /// A pipe that ends can't grow: its writer failed.
    @Test(arguments: ["stop", "skip"]) func aPipeThatEndsWithinALine(policy: String) throws {
        let arguments = [
            "ingest", "--log", scratch.path("log"), "--store", "memory:", "--json", "--on-bad-line", policy,
        ]
        let errors = scratch.file("errors")
        _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
        let process = try ToolRun.process(arguments)
        let pipe = Pipe()
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data((Self.line("a") + "\n" + #"{"type":"task_de"#).utf8))
        try pipe.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 65)
        #expect(try String(contentsOf: errors, encoding: .utf8).contains("<stdin>:2: the input ends within a line"))
        let whole = try scratch.file("whole", lines: [Self.line("a"), Self.line("b")])
        let run = try ToolRun(arguments, input: whole)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try run.json["lines_before"] as? Int == 1)
        #expect(try run.json["lines"] as? Int == 1)
    }
}
