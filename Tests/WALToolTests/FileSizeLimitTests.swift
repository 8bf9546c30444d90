import Foundation
import Testing

/// Beyond `ulimit -f`, the kernel sends SIGXFSZ, which would end a process without a message.
struct FileSizeLimitTests {
    /// Runs a shell command. Returns its exit code, or nil if a signal ended it.
    private func run(_ command: String) throws -> Int32? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // Replaces the shell, so that it doesn't turn a signal into an exit code.
        process.arguments = ["-c", command]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : nil
    }

    @Test(arguments: ["dump", "dump --json"]) func outputThatGrowsTooLargeIsAnError(_ verb: String) throws {
        let scratch = try Scratch()
        let (log, out, errors) = (scratch.path("log"), scratch.path("out"), scratch.path("errors"))
        let lines = try scratch.file("lines", lines: (0..<2000).map { "line \($0) of a dump" })
        #expect(try ToolRun(["append", log], input: lines).status == 0)
        // Blocks of 512 bytes.
        let status = try run("ulimit -f 20; exec '\(ToolRun.tool.path)' \(verb) '\(log)' >'\(out)' 2>'\(errors)'")
        #expect(status == 74)
        let shown = try String(contentsOfFile: errors, encoding: .utf8)
        #expect(shown.contains("File too large") && shown.contains("ulimit -f"), "\(shown)")
    }

    @Test func aLogThatMayNotGrowIsAnError() throws {
        let scratch = try Scratch()
        let (log, errors) = (scratch.path("log"), scratch.path("errors"))
        let status = try run("ulimit -f 20; exec '\(ToolRun.tool.path)' append '\(log)' 2>'\(errors)'")
        #expect(status == 74)
        let shown = try String(contentsOfFile: errors, encoding: .utf8)
        #expect(shown.contains("diskFull") && shown.contains("ulimit -f"), "\(shown)")
    }

    /// A second run with the same input appends them again.
    @Test func recordsBeforeAnErrorAreCounted() throws {
        let scratch = try Scratch()
        let (log, errors) = (scratch.path("log"), scratch.path("errors"))
        let lines = try scratch.file("lines", lines: ["a", "b", String(repeating: "x", count: 500_000), "c"])
        // 200 KiB, which is less than the third line.
        let status = try run(
            "ulimit -f 400; exec '\(ToolRun.tool.path)' append '\(log)' <'\(lines.path)' 2>'\(errors)'")
        #expect(status == 74)
        let shown = try String(contentsOfFile: errors, encoding: .utf8)
        #expect(shown.contains("2 records were appended before the error, 1 to 2.\n"), "\(shown)")
        #expect(try ToolRun(["stat", log, "--json"]).json["records"] as? Int == 2)
    }
}
