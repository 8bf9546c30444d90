#if Postgres
    import Synchronization
    import TestSupport
    import Testing
    import WAL
    import WALTasks
    import WALTesting

    @testable import WALPostgres

    /// The conformance suite, with a server whose connections are cut and which is killed.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct ConformanceTests {
        private static let checks =
            SinkConformance.allCases.map { ($0, true) } + SinkConformance.ofAnotherForm.map { ($0, false) }

        @Test(arguments: checks)
        func sink(check: SinkConformance, coalescing: Bool) async throws {
            // Other tests use the shared server.
            let server = check == .survivesRestarts ? try PrivateServer() : nil
            let outcome = try await check.run(on: fixture(TemporaryDatabase(on: server), coalescing))
            #expect(outcome == .passed)
        }

        private static let proxyCount = Atomic<Int>(0)

        private func fixture(
            _ database: TemporaryDatabase, _ coalescing: Bool
        ) throws -> TaskStoreFixture<PostgresTaskStore> {
            // Coalesced batches of any size use COPY, and the others use statements.
            var fixture = TaskStoreFixture(coalescing: coalescing) { try await database.store(copiedMin: 1) }
            fixture.openingBehindProxy = {
                let directory = database.server.directory
                let number = Self.proxyCount.add(1, ordering: .relaxed).newValue
                // libpq finds a socket by its directory and a port.
                let port = 6000 + number
                let proxy = try CuttingProxy(
                    listeningOn: .unix(path: "\(directory)/.s.PGSQL.\(port)"),
                    forwardingTo: .unix(path: "\(directory)/.s.PGSQL.5432"))
                var settings = try ConnectionSettings(
                    conninfo: "\(database.conninfo) port=\(port)", statementTimeout: .seconds(30),
                    lockTimeout: .seconds(10))
                settings.copiedMin = 1
                let store = try await PostgresTaskStore(settings, name: "postgres", writers: 4, readers: 2, logger: nil)
                return (store, proxy)
            }
            fixture.restarting = {
                try database.server.crash()
                try database.server.start()
            }
            fixture.readingDeadLetters = { log in
                let query = "SELECT position FROM wal_sink_dead_letter WHERE log_id = '\(log)' ORDER BY position"
                return try database.connect().query(query, named: query).all { (row) throws(StoreError) in
                    SequenceNumber(rawValue: UInt64(row.number()))
                }
            }
            return fixture
        }
    }
#endif
