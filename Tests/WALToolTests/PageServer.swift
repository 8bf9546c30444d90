#if Monitor
    import Foundation
    import TestSupport
    import Testing

    /// A running `wal serve`, which ends with its last reference.
    final class PageServer {
        let process: Process
        let address: String
        let token: String

        /// A port that no outgoing connection gets, so that a second server can have it after the first one.
        static var fixedPort: String { "\(Int.random(in: 20_000..<30_000))" }

        init(
            _ scratch: Scratch, _ arguments: [String], port: String = "0", tokenFile: String? = nil,
            environment: [String: String] = [:]
        ) throws {
            let output = scratch.file("serve-\(UUID().uuidString)")
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
            let more = tokenFile.map { ["--token-file", $0] } ?? []
            let process = try ToolRun.process(["serve", "--port", port] + more + arguments)
            self.process = process
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = FileHandle.nullDevice
            try process.run()
            var line = ""
            try eventuallyBlocking {
                line = try String(contentsOf: output, encoding: .utf8)
                return line.hasSuffix("\n") || !process.isRunning
            }
            try #require(line.hasSuffix("\n"))
            let parts = line.dropLast().components(separatedBy: "#t=")
            address = parts[0]
            token =
                try tokenFile.map { String(try String(contentsOfFile: $0, encoding: .utf8).dropLast()) } ?? parts[1]
        }

        /// Sends a SIGTERM, and returns the exit status.
        func stop() -> Int32 {
            process.terminate()
            process.waitUntilExit()
            return process.terminationStatus
        }

        deinit {
            if process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
        }
    }
#endif
