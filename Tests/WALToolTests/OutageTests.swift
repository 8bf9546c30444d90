#if Postgres
    import Foundation
    import Testing

    /// An outage of the store is no secret, and no reason to hang.
    @Suite(
        .serialized, .timeLimit(.minutes(5)),
        .enabled("PostgreSQL isn't installed: Scripts/install-dependencies --servers") {
            ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
                || system("command -v pg_config >/dev/null") == 0
        })
    struct OutageTests {
        private let scratch: Scratch
        private let server: String
        private let errors: URL
        private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Scripts/private-server").path()

        init() throws {
            scratch = try Scratch()
            // Short: the paths of sockets have 107 bytes at most.
            server = NSTemporaryDirectory() + "wto-" + UUID().uuidString.prefix(8)
            errors = scratch.file("errors")
            try #require(FileManager.default.createFile(atPath: errors.path, contents: nil))
        }

        /// Not by Foundation's `Process`: it waits until every descendant is gone, and the server is one.
        @discardableResult private func run(_ verb: String) throws -> String {
            let output = scratch.path("server-output")
            try #require(system("'\(Self.program)' postgres \(verb) '\(server)' >'\(output)'") == 0)
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        private func removeServer() {
            _ = try? run("crash")
            try? FileManager.default.removeItem(atPath: server)
        }

        private func shown() throws -> String { String(decoding: try Data(contentsOf: errors), as: UTF8.self) }

        private func wait(for text: String, while process: Process) throws {
            let end = Date(timeIntervalSinceNow: 60)
            while try !self.shown().contains(text), process.isRunning, Date() < end { usleep(20_000) }
            let shown = try self.shown()
            try #require(shown.contains(text), "\(shown)")
        }

        private func ingest(_ conninfo: String, _ options: String..., input: Pipe) throws -> Process {
            let process = try ToolRun.process(
                ["ingest", "--log", scratch.path("log"), "--store", "postgres:\(conninfo)", "--source", "test"]
                    + options)
            // The servers that are started meanwhile must not keep the input open.
            _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
            process.standardInput = input
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
            return process
        }

        private func write(_ numbers: Range<Int>, to pipe: Pipe) throws {
            let lines = numbers.map {
                #"{"type":"task_update","task":{"id":"t\#($0)","dag_id":"d","node_id":"n","status":"running","#
                    + #""created_at":"2026-01-01T00:00:00Z"}}"# + "\n"
            }
            try pipe.fileHandleForWriting.write(contentsOf: Data(lines.joined().utf8))
        }

        @Test func anOutageIsSaidOnceAndWhileItLastsAndWhenItIsOver() throws {
            let conninfo = try run("start")
            defer { removeServer() }
            let pipe = Pipe()
            let process = try ingest(conninfo, input: pipe)
            defer { process.terminate() }
            try write(0..<5, to: pipe)
            try run("crash")
            try write(5..<10, to: pipe)
            try wait(for: "error: the sink failed repeatedly", while: process)
            try wait(for: "error: the sink is still away", while: process)
            #expect(try self.shown().contains("wal.lag.records="))
            try run("start")
            try wait(for: "notice: the sink is back", while: process)
            try pipe.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let shown = try self.shown()
            #expect(shown.components(separatedBy: "failed repeatedly").count == 2, "\(shown)")
        }

        @Test func aSignalWhileTheStoreIsAwayEndsInTimeAndSaysWhatRemains() throws {
            let conninfo = try run("start")
            defer { removeServer() }
            try run("crash")
            let first = Pipe()
            let process = try ingest(conninfo, "--drain-timeout", "1", input: first)
            defer { process.terminate() }
            try write(0..<7, to: first)
            try wait(for: "error: the sink failed repeatedly", while: process)
            kill(process.processIdentifier, SIGTERM)
            try wait(for: "A second signal ends this at once", while: process)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            #expect(try shown().contains("SIGTERM: reading has ended"))
            #expect(try shown().contains("7 records weren't delivered"))

            try run("start")
            let second = Pipe()
            let next = try ingest(conninfo, input: second)
            try second.fileHandleForWriting.close()
            next.waitUntilExit()
            #expect(next.terminationStatus == 0)
            let sinks = try ToolRun(["sinks", scratch.path("log"), "--store", "postgres:\(conninfo)", "--json"])
            let output = sinks.output.replacing(" ", with: "")
            #expect(output.contains("\"lag_records\":0"), "\(output)\(sinks.errors)")
        }
    }
#endif
