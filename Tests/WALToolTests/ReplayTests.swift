#if SQLite
    import Foundation
    import Testing

    /// A replay from the middle must deliver each later record once, and must not change other positions.
    struct ReplayTests {
        private let scratch: Scratch
        private let log: String
        private let copy: String

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            copy = scratch.path("copy.db")
        }

        /// Ingests the activities a1 to a`last`. Those that exist are skipped.
        private func ingest(to last: Int, store: String = "memory:") throws {
            let lines = (1...last).map {
                #"{"type":"activity_log","activity":{"id":"a\#($0)","task_id":"t","dag_id":"d","node_id":"n","#
                    + #""action":"act","created_at":"2024-01-01T00:00:00Z"}}"#
            }
            let input = try scratch.file("input", lines: lines)
            let run = try ToolRun(["ingest", "--log", log, "--store", store, "--source", "s"], input: input)
            try #require(run.status == 0, "\(run.errors)")
        }

        private func replay(from first: Int, _ more: String...) throws -> Int? {
            let run = try ToolRun(
                ["replay", log, "--into", "sqlite:\(copy)", "--from", "\(first)", "--json"] + more)
            try #require(run.status == 0, "\(run.errors)")
            return try run.json["records"] as? Int
        }

        /// The numbers of the activities in the copy.
        private func copied() throws -> [Int] {
            try Sample.query(copy, "SELECT id FROM dag_task_activity_logs").split(separator: "\n")
                .compactMap { Int($0.dropFirst()) }.sorted()
        }

        @Test func exactlyTheRecordsFromThereOnArrive() throws {
            try ingest(to: 20)
            #expect(try replay(from: 11) == 10)
            #expect(try copied() == Array(11...20))
            // The position is kept for this --from, so the next run continues there.
            #expect(try replay(from: 11) == 0)
            try ingest(to: 25)
            #expect(try replay(from: 11) == 5)
            #expect(try copied() == Array(11...25))
        }

        @Test func itEndsWithTheLastThatIsWanted() throws {
            try ingest(to: 20)
            #expect(try replay(from: 11, "--to", "15") == 5)
            #expect(try copied() == Array(11...15))
            #expect(try replay(from: 11, "--to", "15") == 0)
            #expect(try replay(from: 11, "--to", "99") == 5)
            #expect(try copied() == Array(11...20))
        }

        @Test func everyFromHasAPositionOfItsOwn() throws {
            try ingest(to: 20)
            #expect(try replay(from: 11) == 10)
            #expect(try replay(from: 16) == 5)
            #expect(try replay(from: 1) == 20)
            #expect(try copied() == Array(1...20))
            #expect(try replay(from: 16) == 0)
            #expect(try replay(from: 21) == 0)
        }

        @Test func theServicesOwnPositionStays() throws {
            try ingest(to: 20, store: "sqlite:\(copy)")
            #expect(try replay(from: 11) == 10)
            try ingest(to: 30, store: "sqlite:\(copy)")
            #expect(try copied() == Array(1...30))
            #expect(try replay(from: 11) == 10)
        }

        /// The records of the copy were passed over, with exit code 0.
        @Test func anOlderCopyOfTheLogIsRefused() throws {
            try ingest(to: 10)
            let older = scratch.path("older")
            try FileManager.default.copyItem(atPath: log, toPath: older)
            try ingest(to: 20)
            #expect(try replay(from: 1) == 20)
            let run = try ToolRun(["replay", older, "--into", "sqlite:\(copy)"])
            #expect(run.status == 1 && run.output == "")
            #expect(run.errors.contains("up to 20") && run.errors.contains("--from 11"), "\(run.errors)")
            #expect(try ToolRun(["replay", older, "--into", "sqlite:\(copy)", "--from", "11"]).status == 0)
            #expect(try copied() == Array(1...20))
        }

        private func removeFirstSegment() throws {
            let segments = try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasSuffix(".wal") }
            try FileManager.default.removeItem(atPath: "\(log)/\(try #require(segments.min()))")
        }

        /// Retention may remove what a killed run has applied.
        @Test func aReplayContinuesAfterWhatWasRemoved() throws {
            try ingest(to: 20)
            #expect(try replay(from: 1) == 20)
            try ingest(to: 30)
            try removeFirstSegment()
            #expect(try replay(from: 1) == 10)
            #expect(try copied() == Array(1...30))
        }

        @Test func whatWasRemovedIsSaid() throws {
            try ingest(to: 20)
            try ingest(to: 30)
            try removeFirstSegment()
            let run = try ToolRun(["replay", log, "--into", "sqlite:\(copy)", "--from", "5"])
            #expect(run.status == 1)
            #expect(run.errors.contains("--from 21"))
            #expect(try replay(from: 21) == 10)
            #expect(try copied() == Array(21...30))
        }

        /// The message named a --from with which the store gets records again that it has.
        @Test func aStoreThatCantBeReadIsNoNewStore() throws {
            try ingest(to: 20)
            try ingest(to: 30)
            try removeFirstSegment()
            try Data("no database".utf8).write(to: URL(filePath: copy))
            let run = try ToolRun(["replay", log, "--into", "sqlite:\(copy)"])
            #expect(run.status == 74 && !run.errors.contains("--from"), "\(run.errors)")
            #expect(try ToolRun(["replay", log, "--into", "memory:"]).errors.contains("--from 21"))
        }
    }
#endif
