#if MySQL
    import Synchronization
    import TestSupport
    import Testing
    import WAL
    import WALTasks
    import WALTesting

    @testable import WALMySQL

    /// The conformance suite, with a server whose connections are cut and which is killed.
    @Suite(.serialized, .enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(30)))
    struct ConformanceTests {
        /// MariaDB's run covers the cuts and restarts of the client library's connections.
        private static let checks =
            (PrivateServer.isMySQL ? SinkConformance.ofAnotherForm : SinkConformance.allCases).map { ($0, true) }
            + SinkConformance.ofAnotherForm.map { ($0, false) }

        @Test(arguments: checks)
        func sink(check: SinkConformance, arraysAndCoalescing: Bool) async throws {
            // Other tests use the shared server.
            let server = check == .survivesRestarts ? try PrivateServer() : try PrivateServer.shared.get()
            let outcome = try await check.run(on: fixture(server, isDefault: arraysAndCoalescing))
            #expect(outcome == .passed)
        }

        private static let proxyCount = Atomic<Int>(0)

        private func fixture(
            _ server: PrivateServer, isDefault: Bool
        ) throws -> TaskStoreFixture<MySQLTaskStore> {
            let database = try TestDatabase(on: server)
            var fixture = TaskStoreFixture(coalescing: isDefault) { try await database.store(arrays: isDefault) }
            fixture.openingBehindProxy = {
                let number = Self.proxyCount.add(1, ordering: .relaxed).newValue
                let path = "\(server.directory)/p\(number)"
                let proxy = try CuttingProxy(
                    listeningOn: .unix(path: path), forwardingTo: .unix(path: "\(server.directory)/s.sock"))
                let url = database.url.replacing("\(server.directory)/s.sock", with: path)
                return (try await MySQLTaskStore(url: url), proxy)
            }
            fixture.restarting = {
                try server.crash()
                try server.start()
            }
            fixture.readingDeadLetters = { log in
                let query = "SELECT position FROM wal_sink_dead_letter WHERE log_id = '\(log)' ORDER BY position"
                return try Statement(query, named: query, on: database.connect()).all { (row) throws(StoreError) in
                    SequenceNumber(rawValue: UInt64(row.number()))
                }
            }
            return fixture
        }
    }
#endif
