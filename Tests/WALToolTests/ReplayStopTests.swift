#if Postgres
    import Foundation
    import TestSupport
    import Testing

    /// A replay reports that a store is slow or unreachable, and a signal ends it in order.
    @Suite(
        .serialized, .timeLimit(.minutes(30)),
        .enabled(if: PrivatePostgres.isWanted, PrivatePostgres.reason))
    struct ReplayStopTests {
        private let scratch: Scratch
        private let log: String
        private let errors: ErrorOutput
        private let server: PrivatePostgres

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            server = PrivatePostgres(scratch)
            errors = try ErrorOutput(scratch.file("errors"))
            let lines = (1...20).map {
                #"{"type":"activity_log","activity":{"id":"a\#($0)","task_id":"t","dag_id":"d","node_id":"n","#
                    + #""action":"act","created_at":"2024-01-01T00:00:00Z"}}"#
            }
            let run = try ToolRun(
                ["ingest", "--log", log, "--store", "memory:", "--source", "s"],
                input: scratch.file("input", lines: lines))
            try #require(run.status == 0, "\(run.errors)")
        }

        private func replay(_ conninfo: String, log: String? = nil, _ options: String...) throws -> Process {
            let process = try ToolRun.process(
                ["replay", log ?? self.log, "--into", "postgres:\(conninfo)", "--batch-size", "5"] + options)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors.file)
            try process.run()
            return process
        }

        private func query(_ conninfo: String, _ sql: String) throws -> String {
            let output = scratch.path("query-output")
            try #require(system("psql -XAtq '\(conninfo)' -c \"\(sql)\" >'\(output)'") == 0)
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        private let count = "SELECT count(*) FROM dag_task_activity_logs"

        /// Another session locks the batches' table until the returned function is called.
        private func lockTable(_ conninfo: String) throws -> () -> Void {
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/bin/sh")
            let release = scratch.path("release-\(UUID().uuidString)")
            holder.arguments = [
                "-c",
                """
                { echo 'BEGIN; LOCK TABLE dag_task_activity_logs;'; while [ ! -e '\(release)' ]; do sleep 0.05; done; } \
                | psql -Xq '\(conninfo)'
                """,
            ]
            try holder.run()
            let locks = """
                SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
                AND relation = 'dag_task_activity_logs'::regclass
                """
            try eventuallyBlocking(every: .milliseconds(20)) { try query(conninfo, locks) == "1" }
            return {
                #expect(FileManager.default.createFile(atPath: release, contents: nil))
                holder.waitUntilExit()
            }
        }

        private func waitUntilHeldUp(_ process: Process, _ conninfo: String) throws {
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            try eventuallyBlocking(every: .milliseconds(20)) {
                try query(conninfo, waiting) != "0" || !process.isRunning
            }
            #expect(process.isRunning)
            let shown = try errors.shown()
            try #require(process.isRunning, "\(shown)")
        }

        /// The batch that the store is applying is held up until the tool has received the signal.
        @Test func theFirstSignalEndsItWithTheBatchThatIsUnderWay() throws {
            let conninfo = try server.start()
            // Also creates the tables.
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)", "--from", "20"]).status == 0)
            let unlock = try lockTable(conninfo)
            let process = try replay(conninfo, "--drain-timeout", "1000")
            defer { process.terminate() }
            try waitUntilHeldUp(process, conninfo)
            kill(process.processIdentifier, SIGTERM)
            try errors.wait(for: "SIGTERM: no more is read", while: process)
            try errors.wait(for: "A second signal ends this at once", while: process)
            #expect(process.isRunning)
            unlock()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            // The activities of the first replay, and at most those of the batch that was being applied.
            #expect(["1", "6"].contains(try query(conninfo, count)))
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)"]).status == 0)
            #expect(try query(conninfo, count) == "20")
        }

        /// A store that hangs must not keep a replay from ending.
        @Test(arguments: [true, false]) func aStoreThatHangsIsGivenUp(bySecondSignal: Bool) throws {
            let conninfo = try server.start()
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)", "--from", "20"]).status == 0)
            let unlock = try lockTable(conninfo)
            let process = try replay(conninfo, "--drain-timeout", bySecondSignal ? "1000" : "0.5")
            defer { process.terminate() }
            try waitUntilHeldUp(process, conninfo)
            kill(process.processIdentifier, SIGINT)
            try errors.wait(for: "SIGINT: no more is read", while: process)
            if bySecondSignal { kill(process.processIdentifier, SIGTERM) }
            process.waitUntilExit()
            if bySecondSignal {
                #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
            } else {
                #expect(process.terminationReason == .exit && process.terminationStatus == 0)
                #expect(try errors.shown().contains("postgres hasn't taken the last batch"))
            }
            unlock()
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)"]).status == 0)
            #expect(try query(conninfo, count) == "20")
        }

        /// Twenty records of a copied log are owed until all of them are replayed.
        @Test func whatASignalCutsShortIsStillOwed() throws {
            let conninfo = try server.start()
            func ingest(_ log: String, _ ids: Range<Int>..., into store: String) throws -> ToolRun {
                let lines = ids.joined().map {
                    #"{"type":"activity_log","activity":{"id":"b\#($0)","task_id":"t","dag_id":"d","node_id":"n","#
                        + #""action":"act","created_at":"2024-01-01T00:00:00Z"}}"#
                }
                return try ToolRun(
                    ["ingest", "--log", scratch.path(log), "--store", store, "--source", "owed"],
                    input: scratch.file("lines", lines: lines))
            }
            let store = "postgres:\(conninfo)"
            try #require(ingest("original", 0..<10, into: store).status == 0)
            try FileManager.default.copyItem(atPath: scratch.path("original"), toPath: scratch.path("copy"))
            try #require(ingest("original", 0..<10, 100..<130, into: store).status == 0)
            try #require(ingest("copy", 0..<10, 200..<220, into: "memory:").status == 0)
            try #require(ingest("copy", 0..<10, 200..<220, into: store).status == 1)

            let unlock = try lockTable(conninfo)
            let process = try replay(conninfo, log: scratch.path("copy"), "--owed", "--drain-timeout", "1000")
            defer { process.terminate() }
            try waitUntilHeldUp(process, conninfo)
            kill(process.processIdentifier, SIGTERM)
            try errors.wait(for: "SIGTERM: no more is read", while: process)
            try errors.wait(for: "until postgres has taken the last batch", while: process)
            try errors.wait(for: "A second signal ends this at once", while: process)
            unlock()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            #expect(["40", "45"].contains(try query(conninfo, count)))
            #expect(try ToolRun(["sinks", scratch.path("copy")]).status == 1)

            #expect(try ToolRun(["replay", scratch.path("copy"), "--owed", "--into", store]).status == 0)
            #expect(try query(conninfo, count) == "60")
            #expect(try ToolRun(["sinks", scratch.path("copy")]).status == 0)
        }

        @Test func aStoreThatFailsMeanwhileIsNamed() throws {
            let conninfo = try server.start()
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)", "--from", "20"]).status == 0)
            // The first three inserts fail like a deadlock, which is retried. A sequence's numbers aren't rolled back.
            _ = try query(
                conninfo,
                """
                CREATE SEQUENCE tries; \
                CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN \
                IF nextval(''tries'') <= 3 THEN RAISE SQLSTATE ''40001''; END IF; RETURN NEW; END'; \
                CREATE TRIGGER no BEFORE INSERT ON dag_task_activity_logs FOR EACH ROW EXECUTE FUNCTION no()
                """)
            let process = try replay(conninfo)
            defer { process.terminate() }
            try errors.wait(for: "warning: the store has failed; the batch is tried again", while: process)
            try errors.wait(for: "notice: the store takes batches again", while: process)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try query(conninfo, count) == "20")
        }
    }
#endif
