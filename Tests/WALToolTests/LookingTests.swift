#if SQLite
    import Foundation
    import TestSupport
    import Testing

    /// Verbs that only read change nothing: no file appears or vanishes, and no byte and no time of a file changes.
    struct LookingTests {
        private let scratch: Scratch
        private let log: String
        private let database: String

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            database = scratch.path("tasks.db")
        }

        private struct Entry: Equatable, CustomStringConvertible {
            var path: String
            var modified: Date?
            var bytes: Data?
            var description: String { "\(path) \(modified?.timeIntervalSince1970 ?? 0) \(bytes?.count ?? -1)" }
        }

        /// All files in the scratch directory, and the directory itself.
        private func listing() throws -> [Entry] {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: scratch.directory.path).sorted()
            return try ([""] + paths).map { path in
                let place = scratch.path(path)
                let attributes = try FileManager.default.attributesOfItem(atPath: place)
                return Entry(
                    path: path, modified: attributes[.modificationDate] as? Date,
                    bytes: attributes[.type] as? FileAttributeType == .typeRegular
                        ? try Data(contentsOf: URL(fileURLWithPath: place)) : nil)
            }
        }

        /// All verbs that only read, for a log and a store.
        private func readingVerbs(log: String, store: String) -> [[String]] {
            [
                ["inspect", log], ["inspect", log, "--json"], ["dump", log], ["dump", log, "--json"],
                ["dump", log, "--since", "2020-01-01T00:00:00Z"], ["verify", log], ["repair", log], ["tail", log],
                ["sinks", log], ["sinks", log, "--store", store], ["dead-letters", log], ["dead-letters", store],
                ["cursors", log], ["cursors", log, "--json"],
            ]
        }

        private func ingest(_ id: String) throws {
            let line = """
                {"type":"task_update","task":{"id":"\(id)","dag_id":"d","node_id":"n","status":"running",\
                "created_at":"2026-01-01T00:00:00Z"}}
                """
            let run = try ToolRun(
                ["ingest", "--log", log, "--store", "sqlite:\(database)"],
                input: scratch.file("input-\(id)", lines: [line]))
            try #require(run.status == 0, "\(run.errors)")
        }

        @Test func whatIsThereStaysAsItIs() throws {
            try ingest("a")
            let before = try listing()
            for arguments in readingVerbs(log: log, store: "sqlite:\(database)") {
                let run = try ToolRun(arguments)
                #expect(run.status == 0, "\(arguments): \(run.errors)")
                #expect(try listing() == before, "\(arguments)")
            }
        }

        @Test func whatIsNotThereStaysAway() throws {
            let before = try listing()
            let (typo, store) = (scratch.path("typo"), "sqlite:\(database)")
            let changes = [
                ["dead-letters", store, "--redrive"], ["cursors", typo, "--remove", "x"],
                ["cursors", typo, "--set", "x", "0"], ["replay", typo, "--into", store],
            ]
            for arguments in readingVerbs(log: typo, store: store) + changes {
                let run = try ToolRun(arguments)
                #expect(run.status != 0, "\(arguments): \(run.output)")
                #expect(try listing() == before, "\(arguments)")
            }
            try ingest("a")
            let missing = try ToolRun(["sinks", log, "--store", "sqlite:\(scratch.path("typo.db"))"])
            #expect(missing.status == 74)
            #expect(missing.errors.contains("no such database: \(scratch.path("typo.db"))"))
            #expect(!FileManager.default.fileExists(atPath: scratch.path("typo.db")))
        }

        /// An application's database, in either journal mode, and files that aren't databases.
        @Test(arguments: ["DELETE", "WAL"]) func databasesOfOthersStayAsTheyAre(mode: String) throws {
            try ingest("a")
            let other = scratch.path("app ?#%.db")
            _ = try Sample.query(
                other, "PRAGMA journal_mode = \(mode); CREATE TABLE customers (id); INSERT INTO customers VALUES (1)")
            try Data().write(to: scratch.file("empty.db"))
            try Data("no database".utf8).write(to: scratch.file("text.db"))
            let before = try listing()
            for name in ["app ?#%.db", "empty.db", "text.db"] {
                for arguments in [
                    ["dead-letters", "sqlite:\(scratch.path(name))"],
                    ["dead-letters", "sqlite:\(scratch.path(name))", "--redrive"],
                    ["sinks", log, "--store", "sqlite:\(scratch.path(name))"],
                ] {
                    let run = try ToolRun(arguments)
                    #expect(run.status == 74, "\(arguments)")
                    #expect(
                        run.errors.contains(name == "text.db" ? "corrupted" : "no swift-wal tables in this database"),
                        "\(run.errors)")
                    #expect(try listing() == before, "\(arguments)")
                }
            }
        }

        /// Changes in the `-wal` of a running writer, and of a killed one, are shown, and nothing changes.
        @Test func changesThatAreNotInTheDatabaseYet() throws {
            try ingest("a")
            let input = Pipe()
            let writer = try ToolRun.process(["ingest", "--log", log, "--store", "sqlite:\(database)"])
            writer.standardInput = input
            writer.standardOutput = FileHandle.nullDevice
            try writer.run()
            try input.fileHandleForWriting.write(
                contentsOf: Data((#"{"type":"task_delete","task_id":"a"}"# + "\n").utf8))
            eventuallyBlocking(every: .milliseconds(50)) {
                (try? Sample.query(database, "SELECT count(*) FROM dag_tasks")) == "0"
            }
            let arguments = ["sinks", log, "--store", "sqlite:\(database)", "--json"]
            func position(_ run: ToolRun) throws -> [Int?] {
                let stores = try #require(try run.json["stores"] as? [[String: Any]])
                let lanes = try #require(stores.first?["lanes"] as? [[String: Any]])
                return lanes.map { $0["position"] as? Int }
            }
            let running = try ToolRun(arguments)
            #expect(running.status == 0, "\(running.errors)")
            #expect(try position(running).allSatisfy { $0 == 2 })
            kill(writer.processIdentifier, SIGKILL)
            writer.waitUntilExit()
            try #require(FileManager.default.fileExists(atPath: database + "-wal"))
            let before = try listing()
            for _ in 0..<2 {
                let run = try ToolRun(arguments)
                #expect(run.status == 0, "\(run.errors)")
                #expect(try position(run).allSatisfy { $0 == 2 })
                #expect(try ToolRun(["dead-letters", "sqlite:\(database)"]).status == 0)
                #expect(try listing() == before)
            }
            // Without the index of the `-wal`, only a writer can read it.
            try FileManager.default.removeItem(atPath: database + "-shm")
            let without = try listing()
            let run = try ToolRun(arguments)
            #expect(run.status == 74 && run.errors.contains("tasks.db-shm"), "\(run.errors)")
            #expect(try listing() == without)
        }
    }
#endif
