#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL

    /// No line may be lost or ingested twice, whatever ends the tool.
    @Suite(.serialized) struct IngestTests {
        private let scratch: Scratch
        private let events: URL
        private let log: String
        private let database: String

        init() throws {
            scratch = try Scratch()
            events = try Sample.unpack(into: scratch)
            log = scratch.path("log")
            database = scratch.path("tasks.db")
        }

        private func arguments(_ more: String...) -> [String] {
            ["ingest", "--log", log, "--store", "sqlite:\(database)"] + more
        }

        @Test(arguments: [1, 4]) func sample(workers: Int) throws {
            let run = try ToolRun(arguments("--json", "--workers", "\(workers)"), input: events)
            try #require(run.status == 0, "\(run.errors)")
            let summary = try run.json
            #expect(summary["lines"] as? Int == Sample.lineCount)
            #expect(summary["tasks"] as? Int == 10_000)
            #expect(summary["activities"] as? Int == 10_000)
            #expect(try Sample.summary(ofDatabase: database) == Sample.summary())
        }

        private static let rounds = ProcessInfo.processInfo.environment["WAL_CRASH_ROUNDS"].flatMap(Int.init) ?? 5

        /// kill -9 at random moments, then a last run to the end.
        @Test(arguments: [1, 4]) func killed(workers: Int) throws {
            var killed = 0
            for _ in 0..<Self.rounds {
                let process = try ToolRun.process(
                    arguments("--sync", "manual", "--batch-size", "200", "--workers", "\(workers)"), input: events)
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                try process.run()
                Thread.sleep(forTimeInterval: .random(in: 0.005...0.8))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                if process.terminationReason == .uncaughtSignal { killed += 1 }
            }
            let run = try ToolRun(arguments("--json", "--workers", "\(workers)"), input: events)
            try #require(run.status == 0, "\(run.errors)")
            let summary = try run.json
            let lines = try #require(summary["lines"] as? Int) + #require(summary["lines_before"] as? Int)
            #expect(lines == Sample.lineCount)
            #expect(try Sample.summary(ofDatabase: database) == Sample.summary(), "after \(killed) kills")
            #expect(try ToolRun(["verify", log]).status == 0)
        }

        /// The database's directory is created after all lines are in the log.
        @Test func storeThatComesLater() throws {
            let database = scratch.path("mount/tasks.db")
            let process = try ToolRun.process(
                ["ingest", "--log", log, "--store", "sqlite:\(database)"], input: events)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            try eventuallyBlocking(every: .milliseconds(50)) {
                try recordCount() >= Sample.lineCount || !process.isRunning
            }
            #expect(try recordCount() == Sample.lineCount)
            try FileManager.default.createDirectory(
                atPath: scratch.path("mount"), withIntermediateDirectories: false)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try Sample.summary(ofDatabase: database) == Sample.summary())
        }

        private func recordCount() throws -> Int {
            guard let reader = try? ReadOnlyLog(at: log).reader(from: 1) else { return 0 }
            while try reader.next({ _ in true }) != nil {}
            return Int(reader.nextSequence.rawValue) - 1
        }

        @Test func dumpIsAnInput() throws {
            try #require(ToolRun(arguments(), input: events).status == 0)
            let dump = scratch.file("dump.ndjson")
            try Data(ToolRun(["dump", "--json", log]).output.utf8).write(to: dump)
            // A dump adds each line's sequence number, and equals the input otherwise.
            let recordPart = /"sequence":\d+,"time":"[^"]+",/
            #expect(
                try String(contentsOf: dump, encoding: .utf8).replacing(recordPart, with: "")
                    == String(contentsOf: events, encoding: .utf8))
            let second = scratch.path("second.db")
            let run = try ToolRun(
                ["ingest", "--log", scratch.path("log2"), "--store", "sqlite:\(second)"], input: dump)
            try #require(run.status == 0, "\(run.errors)")
            for table in ["dag_tasks", "dag_task_activity_logs"] {
                let statement = "SELECT * FROM \(table) ORDER BY id"
                #expect(try Sample.query(database, statement) == Sample.query(second, statement))
            }
        }

        @Test func replayFillsAnotherStoreOnce() throws {
            try #require(ToolRun(arguments(), input: events).status == 0)
            let copy = scratch.path("copy.db")
            let first = try ToolRun(["replay", log, "--into", "sqlite:\(copy)", "--json"])
            try #require(first.status == 0, "\(first.errors)")
            #expect(try first.json["records"] as? Int == Sample.lineCount)
            #expect(try Sample.summary(ofDatabase: copy) == Sample.summary())
            #expect(try ToolRun(["replay", log, "--into", "sqlite:\(copy)", "--json"]).json["records"] as? Int == 0)
        }

        @Test func anotherInputUnderTheSameNameIsRefused() throws {
            try #require(ToolRun(arguments("--source", "day"), input: events).status == 0)
            let other = try scratch.file("other", lines: [#"{"type":"task_delete","task_id":"t"}"#])
            let refused = try ToolRun(arguments("--source", "day"), input: other)
            #expect(refused.status == 65)
            #expect(refused.errors.contains("--source NAME"))
            #expect(try ToolRun(arguments("--source", "next"), input: other).status == 0)
        }

        /// The last line had no newline when it was first read. Then the input grew.
        @Test func inputThatGrows() throws {
            let line = #"{"type":"task_delete","task_id":"t"}"#
            let input = scratch.file("growing")
            try Data("\(line)\r\n\n\(line)".utf8).write(to: input)
            #expect(try ToolRun(arguments("--json"), input: input).json["lines"] as? Int == 3)
            try Data("\(line)\r\n\n\(line)\r\n\(line)\n".utf8).write(to: input)
            let summary = try ToolRun(arguments("--json"), input: input).json
            #expect(summary["lines_before"] as? Int == 3)
            #expect(summary["lines"] as? Int == 1)
        }

        @Test(arguments: ["SIGINT", "SIGTERM"]) func askedToStopItDrains(by name: String) throws {
            let pipe = Pipe()
            let process = try ToolRun.process(arguments("--json", "--drain-timeout", "600", "-"))
            let output = Pipe()
            process.standardInput = pipe
            process.standardOutput = output
            try process.run()
            let half = try Data(contentsOf: events).prefix(1 << 20)
            let whole = try #require(half.lastIndex(of: UInt8(ascii: "\n")))
            try pipe.fileHandleForWriting.write(contentsOf: half[...whole])
            // The pipe stays open: lines that were read must be appended without waiting for more.
            let lineCount = half[...whole].count { $0 == UInt8(ascii: "\n") }
            eventuallyBlocking(every: .milliseconds(20)) {
                (try? ReadOnlyLog(at: log).bookmarks.first?.value.position) == UInt64(lineCount)
            }
            kill(process.processIdentifier, name == "SIGINT" ? SIGINT : SIGTERM)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            let printed = output.fileHandleForReading.readDataToEndOfFile()
            let summary = try #require(JSONSerialization.jsonObject(with: printed) as? [String: Any])
            #expect(summary["stopped_by"] as? String == name)
            #expect(summary["lines"] as? Int == lineCount)
            let activities = try Sample.query(database, "SELECT count(*) FROM dag_task_activity_logs")
            #expect(summary["activities"] as? Int == Int(activities))
            let before = try #require(summary["lines"] as? Int)
            let rest = try ToolRun(arguments("--json"), input: events).json
            #expect(rest["lines_before"] as? Int == before)
            #expect(rest["lines"] as? Int == Sample.lineCount - before)
            #expect(try Sample.summary(ofDatabase: database) == Sample.summary())
        }
    }
#endif
