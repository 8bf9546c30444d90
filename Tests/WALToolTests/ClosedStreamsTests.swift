import Foundation
import Testing

/// With `wal append L <&-`, the log must not get the number of standard input. The tool would read the log and never end.
struct ClosedStreamsTests {
    private func run(_ command: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["<&-", "<&- >&-", "<&- >&- 2>&-", ">&-"])
    func theToolEndsAndPrintsIntoNoLog(_ closed: String) throws {
        let scratch = try Scratch()
        let log = scratch.path("log")
        let tool = ToolRun.tool.path
        #expect(try run("printf 'one\\ntwo\\n' | '\(tool)' append '\(log)'") == 0)
        #expect(try run("'\(tool)' append '\(log)' \(closed)") == 0)
        #expect(try run("'\(tool)' dump '\(log)' \(closed)") == 0)
        let dump = try ToolRun(["dump", log])
        #expect(dump.status == 0)
        #expect(dump.output.split(separator: "\n").count == 2)
        #expect(try ToolRun(["verify", log]).status == 0)
    }

    #if os(Linux)
        /// Swift reads the arguments from `/proc`. A container's first processes and a bare chroot may lack it.
        @Test(.enabled(if: geteuid() == 0, "needs root")) func withoutProcTheToolFails() throws {
            let tool = ToolRun.tool.path
            #expect(try run("unshare --mount sh -c 'umount -l /proc && exec \"$0\" verify log' '\(tool)'") == 74)
        }
    #endif
}
