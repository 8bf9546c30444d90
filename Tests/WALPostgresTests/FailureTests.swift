#if Postgres
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALPostgres

    @Suite(.needsServer) struct FailureTests {
        @Test func lockOfAnotherSessionIsTransient() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store(lockTimeout: .milliseconds(200))
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("BEGIN; LOCK TABLE dag_tasks", named: "lock")
            do {
                _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
                Issue.record("a lock was ignored")
            } catch {
                #expect(error.code == .busy && error.sqlState == "55P03")
                #expect(store.classify(error) == .transient)
            }
            try other.execute("ROLLBACK", named: "unlock")
            _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
            try other.execute("BEGIN; UPDATE wal_sink_checkpoint SET owner = ''", named: "lock")
            #expect(await code { _ = try await store.claim(0..<1, of: 1, log: log) } == .busy)
            try await store.close()
        }

        @Test func statementThatTakesTooLongIsTransient() async throws {
            let database = try TemporaryDatabase()
            let lanes = try await database.claim()
            let store = try await repeated { try await database.store(statementTimeout: .seconds(1)) }
            try database.connect().execute(Self.slowly(600), named: "slow down")
            do {
                _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
                Issue.record("a statement had no time limit")
            } catch {
                #expect(error.code == .overloaded && error.sqlState == "57014")
                #expect(store.classify(error) == .overloaded)
            }
            #expect(try await repeated { try await store.task(id: "a") } == nil)
            try await store.close()
        }

        @Test func cancelledTaskCancelsItsStatement() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try database.execute(Self.slowly(600))
            let applying = Task { await code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) } }
            try await eventually {
                try database.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
                )
                    == 1
            }
            let start = ContinuousClock.now
            applying.cancel()
            #expect(await applying.value == .cancelled)
            #expect(ContinuousClock.now - start < .seconds(300))
            try database.execute("DROP TRIGGER slow ON dag_tasks")
            _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
            let cancelled = Task { await code { try await store.ping() } }
            cancelled.cancel()
            let outcome = await cancelled.value
            #expect(outcome == nil || outcome == .cancelled)
            try await store.close()
        }

        static func slowly(_ seconds: Int) -> String {
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
            $$ BEGIN PERFORM pg_sleep(\(seconds)); RETURN NEW; END $$; \
            CREATE TRIGGER slow BEFORE INSERT ON dag_tasks FOR EACH ROW EXECUTE FUNCTION slow()
            """
        }

        /// The answer is lost. Only the next claim shows whether the batch was committed.
        @Test func terminatedBackendLeavesTheOutcomeUnknown() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("BEGIN; LOCK TABLE dag_tasks", named: "hold up")
            async let failure = code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            let waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            try await eventually { try database.number("SELECT count(*) \(waiting)") == 1 }
            try database.execute("SELECT pg_terminate_backend(pid) \(waiting)")
            #expect(await failure == .indeterminate)
            try other.execute("ROLLBACK", named: "let go")
            let claimed = try await store.claim(0..<1, of: 1, log: log)
            #expect(claimed == [SinkLane(index: 0, epoch: 2, position: 0)])
            _ = try await store.apply(batch([.save(task("a"))], lanes: claimed))
            try await store.close()
        }

        private static let waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

        /// Makes each commit wait for a replica that doesn't exist.
        private func requireMissingReplica(_ database: TemporaryDatabase) async throws {
            try database.execute("ALTER SYSTEM SET synchronous_standby_names = 'missing'")
            try database.execute("SELECT pg_reload_conf()")
            let setting = "FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = 'missing'"
            try await eventually { try database.number("SELECT count(*) \(setting)") == 1 }
            // Commits wait only after the checkpointer has read the setting.
            try database.execute("CHECKPOINT")
        }

        private func waitUntilACommitWaits(_ database: TemporaryDatabase) async throws {
            try await eventually { try database.number("SELECT count(*) \(Self.waiting)") == 1 }
        }

        /// The answer to a successful commit is lost. The server has written everything to its disk and waits for a replica that
        /// doesn't exist when its backend is terminated.
        @Test func commitWhoseAnswerIsLostIsFoundByTheClaim() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await requireMissingReplica(database)
            async let failure = code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            try await waitUntilACommitWaits(database)
            try database.execute("SELECT pg_terminate_backend(pid) \(Self.waiting)")
            #expect(await failure == .indeterminate)
            try database.execute("ALTER SYSTEM RESET synchronous_standby_names")
            try database.execute("SELECT pg_reload_conf()")
            #expect(
                try await store.claim(0..<1, of: 1, log: log) == [SinkLane(index: 0, epoch: 2, position: 1)])
            #expect(try await store.task(id: "a") != nil)
            try await store.close()
        }

        /// The server calls a commit that no replica has a success, with a warning.
        @Test func aCommitThatIsCanceledWhileItWaitsForAReplicaIsNoSuccess() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await requireMissingReplica(database)
            let applying = Task {
                await code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) }
            }
            try await waitUntilACommitWaits(database)
            applying.cancel()
            #expect(await applying.value == .indeterminate)
            try database.execute("ALTER SYSTEM RESET synchronous_standby_names")
            try database.execute("SELECT pg_reload_conf()")
            try await store.close()
        }

        /// Before the commit, the outcome is certain.
        @Test func backendTerminatedBeforeTheCommitIsTransient() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            try other.execute("BEGIN; LOCK TABLE dag_tasks", named: "hold up")
            let sections = batch([.save(task("a")), .deleteDAG(id: "x"), .save(task("b"))], lanes: lanes)
            async let failure = code { _ = try await store.apply(sections) }
            let waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            try await eventually { try database.number("SELECT count(*) \(waiting)") == 1 }
            try database.execute("SELECT pg_terminate_backend(pid) \(waiting)")
            #expect(await failure == .connectionFailed)
            try other.execute("ROLLBACK", named: "let go")
            #expect(try await store.apply(sections).rowCount == 2)
            try await store.close()
        }

        @Test func idleConnectionsThatWereClosedAreNoticed() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try await store.ping()
            try database.execute(
                """
                SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity \
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
            _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
            #expect(try await store.task(id: "a") != nil)
            try await store.close()
        }

        @Test func serverThatIsReadOnlyIsTransient() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            let other = try database.connect()
            let name = try #require(database.conninfo.split(separator: "=").last)
            try other.execute("ALTER DATABASE \(name) SET default_transaction_read_only = on", named: "fail over")
            // Sessions keep their setting. `target_session_attrs` refuses new sessions.
            try await store.pools.writers.run { (session) throws(StoreError) in
                _ = try session.connection.execute("SET default_transaction_read_only = on", named: "fail over")
            }
            do {
                _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
                Issue.record("a read-only server took a batch")
            } catch {
                #expect(error.code == .readOnly && error.sqlState == "25006")
                #expect(store.classify(error) == .transient)
            }
            #expect(
                await code { _ = try await store.apply(batch([.save(task("a"))], lanes: lanes)) } == .connectionFailed)
            try other.execute("ALTER DATABASE \(name) RESET default_transaction_read_only", named: "come back")
            _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
            try await store.close()
        }

        @Test func missingTableHealsByItself() async throws {
            let database = try TemporaryDatabase()
            let store = try await database.store()
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            try database.execute("ALTER TABLE dag_tasks RENAME TO away")
            do {
                _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
                Issue.record("a missing table was written")
            } catch {
                #expect(error.code == .schemaMismatch && store.classify(error) == .transient)
            }
            try database.execute("ALTER TABLE away RENAME TO dag_tasks")
            _ = try await store.apply(batch([.save(task("a"))], lanes: lanes))
            try await store.close()
        }

        /// A server crashes at random moments during batches. Afterwards each claim returns the right position, and the rows
        /// match it.
        @Test func crashedServerNeitherLosesNorRepeats() async throws {
            let server = try PrivateServer()
            let database = try TemporaryDatabase(on: server)
            let store = try await database.store()
            var lane = try await store.claim(0..<1, of: 1, log: log)[0]
            let failures = Monitor(0)
            let isOver = Monitor(false)
            let crashing = Task {
                defer { isOver.withLock { $0 = true } }
                // At least one crash in the middle of a batch.
                for round in 0..<100 where round < 3 || failures.withLock({ $0 }) == 0 {
                    try await Task.sleep(for: .milliseconds(.random(in: 100...400)))
                    try server.crash()
                    try server.start()
                }
            }
            while !isOver.withLock({ $0 }) {
                let next = lane.position.rawValue + 1
                let mutations = (next..<next + 20).map { TaskMutation.log(activity("\($0)")) }
                let sent = batch(mutations, lanes: [lane])
                do {
                    _ = try await store.apply(sent)
                    lane.position = sent.position
                } catch {
                    failures.withLock { $0 += 1 }
                    #expect([.transient, .indeterminate].contains(store.classify(error)))
                    while true {
                        do {
                            let claimed = try await store.claim(0..<1, of: 1, log: log)[0]
                            #expect(claimed.position == lane.position || claimed.position == sent.position)
                            lane = claimed
                            break
                        } catch {
                            #expect(error.isRetriable || error.code == .indeterminate)
                            try await Task.sleep(for: .milliseconds(20))
                        }
                    }
                }
            }
            try await crashing.value
            #expect(failures.withLock { $0 } > 0)
            let count = try database.number("SELECT count(*) FROM dag_task_activity_logs")
            #expect(count == Int64(lane.position.rawValue))
            try await store.close()
        }

        @Test func absentServerIsNamedWithoutThePassword() async throws {
            do {
                try await PostgresTaskStore("host=/nowhere port=1 dbname=none password=sesame").ping()
                Issue.record("connected to nowhere")
            } catch {
                #expect(error.code == .connectionFailed)
                #expect(error.place == "none at /nowhere:1")
                #expect(!error.description.contains("sesame"))
            }
            for broken in ["password = 'ses ame", "sesame sesame", "postgresql://user:sesame@[host/db"] {
                do {
                    try await PostgresTaskStore(broken).ping()
                    Issue.record("a broken string was taken")
                } catch {
                    #expect(error.code == .invalidArgument)
                    #expect(!error.description.contains("ame"))
                }
            }
        }

        @Test func usersOwnConnectionSettingsStay() throws {
            let settings = try ConnectionSettings(
                conninfo: "postgresql:///db?connect_timeout=77&target_session_attrs=any", statementTimeout: .seconds(1),
                lockTimeout: .zero)
            #expect(settings.parameters["connect_timeout"] == "77")
            #expect(settings.parameters["target_session_attrs"] == "any")
            #expect(settings.parameters["tcp_user_timeout"] == "30000")
        }
    }
#endif
