#if NATS && SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL

    /// A replica on another machine equals the log, although the follower is killed repeatedly while the log grows.
    @Suite(
        .serialized, .timeLimit(.minutes(30)),
        .enabled(if: PrivateNATS.isWanted, "nats-server isn't installed: Scripts/install-dependencies --servers"))
    struct FollowTests {
        private let scratch: Scratch
        private let server: PrivateNATS
        private var log: String { scratch.path("log") }
        private var replica: String { scratch.path("replica") }
        private var stream: String { "nats://\(server.address)/events?replicas=1" }

        init() throws {
            scratch = try Scratch()
            server = try PrivateNATS(scratch)
        }

        private func ingest(_ input: URL) throws -> Process {
            let process = try ToolRun.process(
                [
                    "ingest", "--log", log, "--store", "sqlite:\(scratch.path("t.db"))", "--sink", stream, "--source",
                    "test",
                ], input: input)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            return process
        }

        private func hash(_ directory: String) throws -> [String: Any] {
            try ToolRun(["hash", directory, "--json"]).json
        }

        @Test func aKilledFollowerMakesAnEqualLog() throws {
            let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8)
                .split(separator: "\n").prefix(20_000).map(String.init)
            // The first records, which create the stream.
            let first = try ingest(scratch.file("first", lines: Array(lines.prefix(100))))
            first.waitUntilExit()
            let growing = try ingest(scratch.file("all", lines: lines))
            var kills = 0
            while growing.isRunning || kills < 12 {
                let follower = try ToolRun.process(["follow", stream, replica])
                follower.standardOutput = FileHandle.nullDevice
                follower.standardError = FileHandle.nullDevice
                try follower.run()
                usleep(.random(in: 5_000...400_000))
                kill(follower.processIdentifier, SIGKILL)
                follower.waitUntilExit()
                if follower.terminationReason == .uncaughtSignal { kills += 1 }
            }
            #expect(growing.terminationStatus == 0)
            let rest = try ToolRun(["follow", stream, replica, "--until-end", "--json"])
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(try rest.json["last_sequence"] as? Int == lines.count)
            let (source, copy) = (try hash(log), try hash(replica))
            #expect(source["records"] as? Int == lines.count)
            #expect(NSDictionary(dictionary: source) == NSDictionary(dictionary: copy))
            #expect(try ToolRun(["verify", replica]).status == 0)

            // The source is lost. The replica continues above its numbers.
            let promotion = try ToolRun(["promote", replica, "--json"])
            #expect(promotion.status == 0, "\(promotion.errors)")
            let next = try #require(try promotion.json["next_sequence"] as? Int)
            #expect(next > lines.count)
            let append = try ToolRun(["append", replica, "--json"], input: scratch.file("line", lines: ["one"]))
            #expect(try append.json["first_sequence"] as? Int == next)
            let again = try ToolRun(["follow", stream, replica, "--until-end"])
            #expect(again.status == 64 && again.errors.contains("isn't a replica"), "\(again.errors)")
        }

        /// The machine with log and database is lost. The stream has all data for a new database.
        @Test func aNewDatabaseIsBuiltFromTheStream() throws {
            let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8)
                .split(separator: "\n").prefix(3000).map(String.init)
            try ingest(scratch.file("first", lines: Array(lines.prefix(2000)))).waitUntilExit()
            let copy = scratch.path("copy.db")
            let arguments = ["replay", "--from", stream, "--into", "sqlite:\(copy)", "--json"]
            let part = try ToolRun(arguments + ["--to", "777", "--batch-size", "100"])
            #expect(part.status == 0, "\(part.errors)")
            #expect(try part.json["records"] as? Int == 777)
            #expect(try ToolRun(arguments).json["records"] as? Int == 1223)
            // The database is past the stream's beginning, so the stream needs it no more.
            try purgeAllButTheLastMessage()
            try ingest(scratch.file("all", lines: lines)).waitUntilExit()
            #expect(try ToolRun(arguments).json["records"] as? Int == 1000)
            for table in ["dag_tasks", "dag_task_activity_logs"] {
                let rows = "SELECT count(*), group_concat(id) FROM (SELECT id FROM \(table) ORDER BY id)"
                #expect(try Sample.query(copy, rows) == Sample.query(scratch.path("t.db"), rows))
            }
            let both = try ToolRun(["replay", log, "--from", stream, "--into", "memory:"])
            #expect(both.status == 64)
            let secret = try ToolRun(["replay", "--from", "kafka://ann:hidden@n1", "--into", "memory:"])
            #expect(secret.status == 64 && !secret.errors.contains("hidden"), "\(secret.errors)")
        }

        private func purgeAllButTheLastMessage() throws {
            let program = """
                import socket, sys
                host, port = sys.argv[1].rsplit(":", 1)
                server = socket.create_connection((host, int(port)))
                body = b'{"keep":1}'
                server.sendall(b'CONNECT {"verbose":false}\\r\\nSUB reply 1\\r\\nPUB $JS.API.STREAM.PURGE.events reply %d\\r\\n%s\\r\\n' % (len(body), body))
                answer = b""
                while b"purged" not in answer:
                    answer += server.recv(4096)
                """
            let purge = Process()
            purge.executableURL = URL(filePath: "/usr/bin/env")
            purge.arguments = ["python3", "-c", program, server.address]
            try purge.run()
            purge.waitUntilExit()
            #expect(purge.terminationStatus == 0)
        }

        @Test func whatCantBeFollowedIsNamed() throws {
            let nameless = try ToolRun(["follow", "nats://\(server.address)", replica, "--until-end"])
            #expect(nameless.status == 64 && nameless.errors.contains("name"), "\(nameless.errors)")
            let missing = try ToolRun(["follow", stream, replica, "--until-end"])
            #expect(missing.status == 74 && missing.errors.contains("events"), "\(missing.errors)")
            #expect(try ToolRun(["follow", "kafka://ann:hidden@n1", replica]).status == 64)
            #expect(!FileManager.default.fileExists(atPath: replica))
        }

        /// After the loss of a leader, a stream doesn't answer for some seconds.
        @Test func aNewReplicaWaitsForItsStream() throws {
            let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8)
                .split(separator: "\n").prefix(100).map(String.init)
            try ingest(scratch.file("some", lines: lines)).waitUntilExit()
            server.stop()
            let process = try ToolRun.process(["follow", stream, replica])
            let errors = scratch.file("errors")
            _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
            try eventuallyBlocking {
                try String(contentsOf: errors, encoding: .utf8).contains("can't ask the stream for its log")
                    || !process.isRunning
            }
            try #require(process.isRunning)
            try server.restart()
            eventuallyBlocking(every: .milliseconds(20)) {
                (try? ReadOnlyLog(at: replica).lastSequence) == 100 || !process.isRunning
            }
            try #require(process.isRunning)
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }

        @Test func aSignalEndsTheFollower() throws {
            let lines = try String(contentsOf: Sample.unpack(into: scratch), encoding: .utf8)
                .split(separator: "\n").prefix(100).map(String.init)
            try ingest(scratch.file("some", lines: lines)).waitUntilExit()
            let process = try ToolRun.process(["follow", stream, replica, "--json"])
            let output = scratch.file("output")
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = FileHandle.nullDevice
            try process.run()
            eventuallyBlocking(every: .milliseconds(20)) { (try? ReadOnlyLog(at: replica).lastSequence) == 100 }
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            let result = try JSONSerialization.jsonObject(with: Data(contentsOf: output)) as? [String: Any]

            let article = URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "../../Sources/WAL/WAL.docc/TheTool.md")
            let section = try #require(
                try String(contentsOf: article, encoding: .utf8).components(separatedBy: "\n## follow\n").dropFirst()
                    .first)
            let example = try #require(section.components(separatedBy: "```").dropFirst().first).dropFirst("json".count)
            let documented = try JSONSerialization.jsonObject(with: Data(example.utf8)) as? [String: Any]
            #expect(documented?.keys.sorted() == result?.keys.sorted())
            #expect(result?["stopped_by"] as? String == "SIGTERM" && result?["records"] as? Int == 100)
        }
    }
#endif
