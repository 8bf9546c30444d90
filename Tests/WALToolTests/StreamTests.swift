#if NATS && SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL

    /// A log, a database and a stream. The latter two have every record once, although the tool is killed repeatedly.
    @Suite(
        .serialized, .timeLimit(.minutes(30)),
        .enabled(if: PrivateNATS.isWanted, "nats-server isn't installed: Scripts/install-dependencies --servers"))
    struct StreamTests {
        private let scratch: Scratch
        private let server: PrivateNATS
        private var log: String { scratch.path("log") }
        private var sink: String { "nats://\(server.address)/events?replicas=1" }

        init() throws {
            scratch = try Scratch()
            server = try PrivateNATS(scratch)
        }

        private func arguments(_ more: String...) -> [String] {
            ["ingest", "--log", log, "--store", "sqlite:\(scratch.path("t.db"))", "--sink", sink, "--source", "test"]
                + more
        }

        /// Sends lines through a pipe that stays open, and kills the tool once the stream has some of them.
        private func ingestAndKill(_ lines: [String], after position: Int) throws {
            let input = Pipe()
            _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
            let process = try ToolRun.process(arguments())
            process.standardInput = input
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            defer { kill(process.processIdentifier, SIGKILL) }
            let writing = Thread {
                try? input.fileHandleForWriting.write(contentsOf: Data(lines.joined(separator: "\n").utf8))
            }
            signal(SIGPIPE, SIG_IGN)
            writing.start()
            try eventuallyBlocking(every: .milliseconds(20)) { try self.position() ?? 0 > position }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        /// The position in the stream, or nil if there is none yet.
        private func position() throws -> Int? {
            let run = try ToolRun(["sinks", log, "--sink", sink, "--json"])
            guard run.status == 0, let streams = try run.json["streams"] as? [[String: Any]] else { return nil }
            let lanes = streams.first?["lanes"] as? [[String: Any]]
            return lanes?.compactMap { $0["position"] as? Int }.min()
        }

        private func storedActivities() -> Int? {
            let count = try? Sample.query(scratch.path("t.db"), "SELECT count(*) FROM dag_task_activity_logs")
            return count.flatMap { Int($0) }
        }

        /// The numbers and payloads of the stream's records, as `Examples/jetstream-reader.py` reads them.
        private func streamed() throws -> [String] {
            let output = scratch.path("streamed")
            let examples = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples").path()
            let program = """
                import importlib.util as u
                s = u.spec_from_file_location("r", "\(examples)/jetstream-reader.py"); r = u.module_from_spec(s)
                s.loader.exec_module(r)
                for h, b in r.messages(r.Server("\(server.address)"), "events"):
                    if h["Wal-Kind"] == "batch":
                        for n, t, p in r.records(b): print(n, p.hex())
                """
            let file = try scratch.file("read.py", lines: [program])
            try #require(system("python3 '\(file.path)' >'\(output)'") == 0)
            return try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map(String.init)
        }

        @Test func storeAndStreamHaveEachRecordOnce() throws {
            let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8)
                .split(separator: "\n").prefix(6000).map(String.init)
            try ingestAndKill(lines, after: 0)
            try ingestAndKill(lines, after: position() ?? 0 < 5000 ? position() ?? 0 : 4999)
            let last = try ToolRun(arguments("--json"), input: scratch.file("all", lines: lines))
            #expect(last.status == 0, "\(last.errors)")
            #expect(try last.json["undelivered_to_sink"] as? Int == 0)

            var expected: [String] = []
            let reader = try ReadOnlyLog(at: log).reader(from: 1)
            while let record = try reader.next() {
                let digits = record.payload.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                expected.append("\(record.sequence) \(digits.joined())")
            }
            #expect(expected.count == lines.count)
            #expect(try streamed() == expected)
            let activities = lines.filter { $0.contains(#""activity_log""#) }.count
            #expect(storedActivities() == activities)

            let sinks = try ToolRun(["sinks", log, "--sink", sink])
            #expect(sinks.status == 0)
            #expect(sinks.output.contains("stream events") && sinks.output.contains("position  \(lines.count)"))
        }

        /// A stopped writer that another one has replaced fails when it resumes, and none of its records reaches the stream.
        @Test func aResumedWriterIsFenced() throws {
            let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8)
                .split(separator: "\n").prefix(3000).map(String.init)
            let input = Pipe()
            _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
            let stopped = try ToolRun.process(arguments())
            let errors = scratch.file("errors")
            _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
            stopped.standardInput = input
            stopped.standardOutput = FileHandle.nullDevice
            stopped.standardError = try FileHandle(forWritingTo: errors)
            try stopped.run()
            defer { kill(stopped.processIdentifier, SIGKILL) }
            signal(SIGPIPE, SIG_IGN)
            try input.fileHandleForWriting.write(contentsOf: Data((lines[..<1000].joined(separator: "\n") + "\n").utf8))
            try eventuallyBlocking(every: .milliseconds(20)) { try position() == 1000 }
            kill(stopped.processIdentifier, SIGSTOP)

            // Like another machine with a copy of the log's disk.
            try #require(system("cp -r '\(log)' '\(log)-copy'") == 0)
            let successor = try ToolRun(
                [
                    "ingest", "--log", "\(log)-copy", "--store", "memory:", "--sink", sink, "--source", "test",
                    "--json",
                ], input: scratch.file("all", lines: lines))
            #expect(successor.status == 0, "\(successor.errors)")
            let delivered = try streamed()
            #expect(delivered.count == lines.count)

            kill(stopped.processIdentifier, SIGCONT)
            // The process may have ended before it has read them.
            try? input.fileHandleForWriting.write(
                contentsOf: Data((lines[1000...].joined(separator: "\n") + "\n").utf8))
            try? input.fileHandleForWriting.close()
            stopped.waitUntilExit()
            #expect(stopped.terminationReason == .exit && stopped.terminationStatus != 0)
            let message = try String(contentsOf: errors, encoding: .utf8)
            #expect(message.contains("Another owner has claimed"), "\(message)")
            #expect(try streamed() == delivered)
        }

        @Test func wrongAddressesAreNamedWithoutTheirPassword() throws {
            for address in ["nats://ann:hidden@n1?replicas=x", "kafka://ann:hidden@n1"] {
                let run = try ToolRun(["ingest", "--log", log, "--store", "memory:", "--sink", address])
                #expect(run.status == 64)
                #expect(!run.errors.contains("hidden"), "\(run.errors)")
            }
        }

        /// Lines reach the log and the database while the stream's servers are unreachable.
        @Test func aServerThatIsAwayHoldsUpNothing() throws {
            server.stop()
            let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8)
                .split(separator: "\n").prefix(200).map(String.init)
            let activities = lines.filter { $0.contains(#""activity_log""#) }.count
            let process = try ToolRun.process(
                arguments("--json", "--drain-timeout", "5"), input: scratch.file("some", lines: lines))
            let output = scratch.file("output")
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = FileHandle.nullDevice
            try process.run()
            eventuallyBlocking(every: .milliseconds(50)) { storedActivities() == activities || !process.isRunning }
            #expect(storedActivities() == activities)
            // After the signal, the time limit ends the drain of the sink, and so cuts a store's short that isn't done yet.
            _ = try ToolRun.repeated(["sinks", log, "--json"]) { run in
                let sinks = try run.json["sinks"] as? [[String: Any]]
                return sinks?.first { $0["name"] as? String == "sqlite" }?["position"] as? Int == lines.count
            }
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let summary = try JSONSerialization.jsonObject(with: Data(contentsOf: output)) as? [String: Any]
            #expect(summary?["undelivered"] as? Int == 0)
            #expect(summary?["undelivered_to_sink"] as? Int == 200)
        }
    }

    /// A server of one test, which `Scripts/private-nats` starts. It ends with its last reference.
    final class PrivateNATS {
        static let isWanted =
            ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
            || system("command -v nats-server >/dev/null") == 0

        private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Scripts/private-nats").path()

        private let directory = NSTemporaryDirectory() + "wtn-" + UUID().uuidString.prefix(8)
        /// The host and port.
        let address: String

        init(_ scratch: Scratch) throws {
            let output = scratch.path("nats-output")
            try #require(system("'\(Self.program)' start '\(directory)' >'\(output)'") == 0)
            let text = try String(contentsOfFile: output, encoding: .utf8)
            address = text.trimmingCharacters(in: .whitespacesAndNewlines).replacing("nats://", with: "")
        }

        deinit {
            stop()
            try? FileManager.default.removeItem(atPath: directory)
        }

        func stop() {
            _ = system("'\(Self.program)' stop '\(directory)'")
        }

        /// Restarts the server, with its data and its address.
        func restart() throws {
            try #require(system("'\(Self.program)' restart '\(directory)' 1") == 0)
        }
    }
#endif
