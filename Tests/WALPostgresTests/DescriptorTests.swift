#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WALTasks

    @testable import WALPostgres

    /// If a process starts with closed standard descriptors, its sockets must not get their numbers, because printed text would
    /// go into them.
    @Suite(.needsServer, .timeLimit(.minutes(30))) struct DescriptorTests {
        @Test func noSocketHasAStandardNumber() async throws {
            let database = try TemporaryDatabase()
            await #expect(processExitsWith: .success) { [conninfo = database.conninfo as String] in
                StandardNumbers.close()
                let store = try await PostgresTaskStore(
                    conninfo, writeConnections: 2, statementTimeout: .seconds(3600), lockTimeout: .seconds(3600))
                try await store.save(task("a"))
                #expect(StandardNumbers.sockets == [])

                let settings = try ConnectionSettings(
                    conninfo: conninfo, statementTimeout: .seconds(3600), lockTimeout: .seconds(3600))
                let other = try Connection(settings)
                try other.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """, named: "terminate")
                StandardNumbers.close()
                try await eventually { await code { try await store.save(task("b")) } == nil }
                #expect(StandardNumbers.sockets == [])

                try other.execute("BEGIN; LOCK TABLE dag_tasks", named: "hold up")
                let held = Task { await code { try await store.save(task("c")) } }
                let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                try await eventually {
                    try other.query(waiting, named: "look").first { (row) throws(StoreError) in row.number() } == 1
                }
                StandardNumbers.close()
                held.cancel()
                #expect(await held.value == .cancelled)
                // The socket that sent the cancellation is closed. The placeholders of the standard descriptors remain.
                #expect(StandardNumbers.sockets == [])
                #expect((0...2).allSatisfy { fcntl($0, F_GETFD) >= 0 })
                try other.execute("ROLLBACK", named: "let go")
                try await store.close()
            }
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["a", "b"])
        }
    }

    private enum StandardNumbers {
        static func close() {
            for number: Int32 in 0...2 { _ = Foundation.close(number) }
        }

        /// The numbers of standard input, output and error that are sockets.
        static var sockets: [Int] {
            (0...2).filter { number in
                let link = "/proc/self/fd/\(number)"
                return (try? FileManager.default.destinationOfSymbolicLink(atPath: link))?.hasPrefix("socket:") ?? false
            }
        }
    }
#endif
