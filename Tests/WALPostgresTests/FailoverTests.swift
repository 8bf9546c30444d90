#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    /// A primary and a streaming standby, in one connection string.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct FailoverTests {
        private let primary, standby: PrivateServer
        private let database: TemporaryDatabase
        private let directory = NSTemporaryDirectory() + "wal-failover-" + UUID().uuidString

        init() throws {
            primary = try PrivateServer(isHostile: false)
            database = try TemporaryDatabase(on: primary)
            standby = try PrivateServer(standbyOf: primary)
        }

        /// The addresses of both servers. libpq uses the first one that accepts writes.
        private var conninfo: String {
            let name = database.conninfo.split(separator: " ").last ?? ""
            return "host=\(primary.directory),\(standby.directory) port=5432,5432 user=test \(name)"
        }

        private func rows(on server: PrivateServer) throws -> [Int64] {
            let name = database.conninfo.split(separator: " ").last ?? ""
            let connection = try Connection(
                ConnectionSettings(
                    conninfo: server.conninfo + " \(name) target_session_attrs=any", statementTimeout: .seconds(60),
                    lockTimeout: .seconds(60)))
            let query = "SELECT retry_count FROM dag_tasks ORDER BY id"
            return try connection.query(query, named: query).all { (row) throws(StoreError) in row.number() }
        }

        private func append(_ numbers: Range<Int>, to log: WriteAheadLog) async throws {
            for number in numbers {
                var task = task("t\(number + 1000)")
                task.retryCount = Int32(number)
                try await log.append(TaskCodec.encode(.save(task)))
            }
        }

        /// Delivery continues at the new primary's position. If the old primary returns and accepts writes, the flusher reports
        /// it.
        @Test func aPromotedStandbyTakesOverAndAnOldPrimaryIsNoticed() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            let store = try await PostgresTaskStore(conninfo, writeConnections: 1)
            let flusher = Flusher(
                log: log, sink: TaskSink(store: store),
                configuration: .init(workerCount: 1, maxRetries: 1_000_000), key: { TaskCodec.key(of: $0) })
            let running = Task { try await flusher.run() }
            try await append(0..<100, to: log)
            try await flusher.drain()
            try await eventually { (try? rows(on: standby).count) == 100 }

            try primary.crash()
            try await append(100..<200, to: log)
            try await eventually { flusher.statistics.errors > 0 }
            try standby.promote()
            try await flusher.drain()
            #expect(try rows(on: standby) == Array(0..<200))
            #expect(flusher.statistics.claimsLost == 0)

            // Its rows end where it crashed. It is first in the list, so the next connection is to it.
            try primary.start()
            #expect(try rows(on: primary).count == 100)
            try standby.crash()
            try await append(200..<300, to: log)
            try await flusher.drain()
            #expect(flusher.statistics.claimsLost > 0)
            // The log still has the records that the old primary lacks.
            #expect(try rows(on: primary) == Array(0..<300))
            running.cancel()
            _ = await running.result
            try await store.close()
            try await log.close()
        }

        /// A standby without the last commits is promoted while nothing is written. No batch shows that queries miss
        /// these commits.
        @Test func aPromotedStandbyGetsWhatItLacksWhileNothingIsWritten() async throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = try await WriteAheadLog.open(at: directory)
            let store = try await PostgresTaskStore(conninfo, writeConnections: 2)
            let flusher = Flusher(
                log: log, sink: TaskSink(store: store),
                configuration: .init(workerCount: 2, checkInterval: .milliseconds(100)),
                key: { TaskCodec.key(of: $0) })
            let running = Task { try await flusher.run() }
            try await append(0..<100, to: log)
            try await flusher.drain()
            try await eventually { (try? rows(on: standby).count) == 100 }

            try standby.crash()
            try await append(100..<200, to: log)
            try await flusher.drain()
            #expect(try rows(on: primary) == Array(0..<200))
            try primary.crash()
            try standby.start()
            try standby.promote()
            try await eventually { (try? rows(on: standby).count) == 200 }
            #expect(try rows(on: standby) == Array(0..<200))
            #expect(flusher.statistics.claimsLost > 0)
            running.cancel()
            _ = await running.result
            try await store.close()
            try await log.close()
        }
    }
#endif
