#if SQLite
    import Foundation
    import Testing

    /// Two copies of one log, each with additional records. Those of the second copy must be delivered, or stay owed until they
    /// are settled.
    @Suite struct CloneTests {
        private let scratch: Scratch
        private let database: String
        private let base: URL

        init() throws {
            scratch = try Scratch()
            database = scratch.path("tasks.db")
            base = try scratch.file("base", lines: Self.lines("base", 10))
        }

        private static func lines(_ prefix: String, _ count: Int) -> [String] {
            (1...count).map {
                #"{"type":"task_update","task":{"id":"\#(prefix)\#($0)","dag_id":"d","node_id":"n","status":"running","#
                    + #""created_at":"2024-01-01T00:00:00Z"}}"#
            }
        }

        /// The lines of the base, and twenty more.
        private func more(_ prefix: String) throws -> URL {
            try scratch.file(prefix, lines: Self.lines("base", 10) + Self.lines(prefix, 20))
        }

        private func ingest(_ log: String, _ input: URL, into store: String? = nil) throws -> ToolRun {
            try ToolRun(
                ["ingest", "--log", scratch.path(log), "--store", store ?? "sqlite:\(database)", "--source", "s"],
                input: input)
        }

        /// Makes a log with the base, a copy of it, and twenty more records in the original and the store.
        private func clone() throws {
            try #require(try ingest("log", base).status == 0)
            try FileManager.default.copyItem(atPath: scratch.path("log"), toPath: scratch.path("copy"))
            try #require(try ingest("log", more("a")).status == 0)
        }

        private func count(_ prefix: String) throws -> String {
            try Sample.query(database, "SELECT count(*) FROM dag_tasks WHERE id LIKE '\(prefix)%'")
        }

        /// Twenty records were lost, with exit code 0 and a lag of 0 from the second run on.
        @Test func theStoreIsAskedBeforeACopyTakesAnythingIn() throws {
            try clone()
            for _ in 0..<2 {
                let run = try ingest("copy", more("b"))
                #expect(run.status == 0, "\(run.errors)")
                #expect(try count("b") == "30", "ten of the base, and twenty")
            }
            // The original, in turn, continues after the copy.
            let lines = Self.lines("base", 10) + Self.lines("a", 20) + Self.lines("late", 5)
            let run = try ingest("log", scratch.file("late", lines: lines))
            #expect(run.status == 0, "\(run.errors)")
            #expect(try count("late") == "5")
            #expect(try count("a") == "20")
        }

        @Test func whatACopyTookInWithoutTheStoreIsOwedUntilItIsReplayed() throws {
            try clone()
            try #require(try ingest("copy", more("b"), into: "memory:").status == 0)
            let later = try scratch.file(
                "later", lines: Self.lines("base", 10) + Self.lines("b", 20) + Self.lines("c", 5))
            for _ in 0..<2 {
                let run = try ingest("copy", later)
                #expect(run.status == 1)
                #expect(run.errors.contains("sinkAhead") && run.errors.contains("11 to 30"), "\(run.errors)")
                #expect(run.errors.contains("--owed --into STORE"), "\(run.errors)")
            }
            let sinks = try ToolRun(["sinks", scratch.path("copy"), "--json"])
            #expect(sinks.status == 1)
            let owed = try #require(try sinks.json["owed"] as? [[String: Any]])
            #expect(owed.count == 1 && owed[0]["sink"] as? String == "sqlite")
            #expect(owed[0]["first"] as? Int == 11 && owed[0]["last"] as? Int == 30)
            #expect(try ToolRun(["sinks", scratch.path("copy")]).output.contains("records 11 to 30"))

            let replay = try ToolRun(
                ["replay", scratch.path("copy"), "--owed", "--into", "sqlite:\(database)", "--json"])
            #expect(replay.status == 0, "\(replay.errors)")
            #expect(try replay.json["records"] as? Int == 20)
            #expect(try count("b") == "30")
            #expect(try ToolRun(["sinks", scratch.path("copy")]).status == 0)
            let run = try ingest("copy", later)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try count("c") == "5")
        }

        /// The records went into a new database, and were no longer owed.
        @Test func whatIsOwedGoesIntoNoOtherStore() throws {
            try clone()
            try #require(try ingest("copy", more("b"), into: "memory:").status == 0)
            #expect(try ingest("copy", more("b")).status == 1)
            let other = scratch.path("other.db")
            let run = try ToolRun(["replay", scratch.path("copy"), "--owed", "--into", "sqlite:\(other)"])
            #expect(run.status == 64 && run.errors.contains("doesn't count record 11"), "\(run.errors)")
            #expect(try Sample.query(other, "SELECT count(*) FROM dag_tasks") == "0")
            #expect(try ToolRun(["sinks", scratch.path("copy")]).output.contains("records 11 to 30"))
        }

        @Test func whatIsOwedToOthersIsReported() throws {
            let log = scratch.path("log")
            try #require(try ingest("log", base, into: "memory:").status == 0)
            try #require(try ToolRun(["cursors", log, "--set", "owed/mail/1-2-ab", "0"]).status == 0)
            let run = try ToolRun(["replay", log, "--owed", "--into", "sqlite:\(database)"])
            #expect(run.status == 0)
            #expect(run.errors.contains("No records are owed to sqlite."), "\(run.errors)")
            #expect(run.errors.contains("stay owed to others (wal sinks DIR): mail."), "\(run.errors)")
        }

        @Test func whatIsOwedCanBeGivenUpByName() throws {
            try clone()
            try #require(try ingest("copy", more("b"), into: "memory:").status == 0)
            #expect(try ingest("copy", more("b")).status == 1)
            #expect(try ToolRun(["sinks", scratch.path("copy"), "--give-up-owed", "other"]).status == 64)
            let given = try ToolRun(["sinks", scratch.path("copy"), "--give-up-owed", "sqlite"])
            #expect(given.status == 0, "\(given.errors)")
            #expect(given.errors.contains("Given up: records 11 to 30"))
            #expect(try ingest("copy", more("b")).status == 0)
            #expect(try count("b") == "10")
        }

        /// An opening would set records aside, and neither verb would report that.
        @Test func aDamagedLogIsNotRepairedByTheWay() throws {
            let log = scratch.path("log")
            try #require(try ingest("log", base, into: "memory:").status == 0)
            try #require(try ToolRun(["cursors", log, "--set", "owed/sqlite/1-2-ab", "0"]).status == 0)
            try #require(try ingest("log", more("a"), into: "memory:").status == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasSuffix(".wal") }
            let name = try #require(names.max())
            let newest = URL(filePath: "\(log)/\(name)")
            var bytes = try Data(contentsOf: newest)
            // A byte of the footer.
            bytes[bytes.count - 20] ^= 0xFF
            try bytes.write(to: newest)
            for arguments in [
                ["sinks", log, "--give-up-owed", "sqlite"], ["sinks", log, "--give-up-owed", "other"],
                ["replay", log, "--owed", "--into", "sqlite:\(database)"],
            ] {
                let run = try ToolRun(arguments)
                #expect(run.status == (arguments.last == "other" ? 64 : 1), "\(arguments): \(run.errors)")
                #expect(!FileManager.default.fileExists(atPath: log + "/damaged"), "\(arguments)")
                #expect(try Data(contentsOf: newest) == bytes, "\(arguments)")
            }
            #expect(!FileManager.default.fileExists(atPath: database))
            #expect(try ToolRun(["sinks", log]).output.contains("records 1 to 2"))
        }

        @Test func nothingIsMadeWhereThereIsNoLog() throws {
            let store = "sqlite:\(database)"
            for arguments in [["replay", "--owed", "--into", store], ["sinks", "--give-up-owed", "x"]] {
                let run = try ToolRun([arguments[0], scratch.path("none")] + arguments.dropFirst())
                #expect(run.status == 65 || run.status == 74, "\(run.errors)")
                #expect(!FileManager.default.fileExists(atPath: scratch.path("none")))
                #expect(!FileManager.default.fileExists(atPath: database))
            }
        }
    }
#endif
