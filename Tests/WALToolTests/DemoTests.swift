#if SQLite
    import Foundation
    import Testing

    /// The scripts of the introductions, with the programs that are built for the tests.
    @Suite(.serialized, .timeLimit(.minutes(30))) struct DemoTests {
        private let scratch: Scratch

        init() throws { scratch = try Scratch() }

        private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()

        /// Runs a script to its end. Returns its status and its output.
        private func run(_ script: String, _ arguments: String...) throws -> (status: Int32, output: String) {
            let file = scratch.file("output")
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
            let output = try FileHandle(forWritingTo: file)
            let process = Process()
            process.executableURL = Self.root.appending(path: "Scripts/\(script)")
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging([
                "WAL": ToolRun.tool.path,
                "ORDER_FLOW": ToolRun.tool.deletingLastPathComponent().appending(path: "ExampleOrderFlow").path,
            ]) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = output
            try process.run()
            process.waitUntilExit()
            return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
        }

        @Test func nothingIsLostOrDoubleInTheDemo() throws {
            let (status, output) = try run("demo")
            #expect(status == 0, "\(output)")
            #expect(output.contains("killed: exit code 137"), "\(output)")
            #expect(output.contains("equal: final_tasks_sha256"), "\(output)")
        }

        /// The demo must not wait for a row of a task that never comes.
        @Test(arguments: [(#"{"type":"task_delete","task_id":"t"}"#, Int32(0)), (#"{"type":"nonsense"}"#, 65)])
        func theDemoEndsWithAnyFile(line: String, expected: Int32) throws {
            let (status, output) = try run("demo", scratch.file("lines", lines: [line]).path)
            #expect(status == expected, "\(output)")
            #expect(output.contains("killed: exit code \(expected == 0 ? 137 : expected)"), "\(output)")
        }

        @Test func noFinishedStepRunsAgainInTheDemoOfFlows() throws {
            let (status, output) = try run("demo-flow")
            #expect(status == 0, "\(output)")
            #expect(output.contains("equal: finished steps, receipt, and row"), "\(output)")
        }

        #if NATS
            @Test(
                .enabled(
                    if: PrivateNATS.isWanted, "nats-server isn't installed: Scripts/install-dependencies --servers"))
            func theReplicaEqualsTheLogInTheDemoOfACluster() throws {
                let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8).split(separator: "\n")
                let some = scratch.file("some.ndjson")
                try lines.prefix(2000).joined(separator: "\n").write(to: some, atomically: true, encoding: .utf8)
                let (status, output) = try run("demo-cluster", some.path)
                #expect(status == 0, "\(output)")
                #expect(output.contains("The replica equals the log."), "\(output)")
                #expect(output.contains("dag_tasks: "), "\(output)")
            }
        #endif
    }
#endif
