#if Postgres
    import Foundation
    import Testing

    /// A replay into a store that is slow or away isn't silent, and a signal ends it in order.
    @Suite(
        .serialized, .timeLimit(.minutes(5)),
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

        private func replay(_ conninfo: String) throws -> Process {
            let process = try ToolRun.process(["replay", log, "--into", "postgres:\(conninfo)", "--batch-size", "5"])
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

        /// The batch that the store takes is held up by another session's lock until the signal was heard.
        @Test func theFirstSignalEndsItWithTheBatchThatIsUnderWay() throws {
            let conninfo = try server.start()
            // Makes the tables, too.
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)", "--from", "20"]).status == 0)
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/bin/sh")
            let release = scratch.path("release")
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
            while try query(conninfo, locks) != "1" { usleep(20_000) }
            let process = try replay(conninfo)
            defer { process.terminate() }
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while try query(conninfo, waiting) == "0" { usleep(20_000) }
            kill(process.processIdentifier, SIGTERM)
            try errors.wait(for: "SIGTERM: no more is read", while: process)
            try errors.wait(for: "A second signal ends this at once", while: process)
            #expect(process.isRunning)
            #expect(FileManager.default.createFile(atPath: release, contents: nil))
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            holder.waitUntilExit()
            let count = "SELECT count(*) FROM dag_task_activity_logs"
            // What the first replay brought, and at most the batch that was under way.
            #expect(["1", "6"].contains(try query(conninfo, count)))
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)"]).status == 0)
            #expect(try query(conninfo, count) == "20")
        }

        @Test func aStoreThatFailsMeanwhileIsNamed() throws {
            let conninfo = try server.start()
            #expect(try ToolRun(["replay", log, "--into", "postgres:\(conninfo)", "--from", "20"]).status == 0)
            // Every insert fails as a deadlock does, which is tried again.
            _ = try query(
                conninfo,
                """
                CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE SQLSTATE ''40001''; END'; \
                CREATE TRIGGER no BEFORE INSERT ON dag_task_activity_logs FOR EACH ROW EXECUTE FUNCTION no()
                """)
            let process = try replay(conninfo)
            defer { process.terminate() }
            try errors.wait(for: "warning: the store has failed; the batch is tried again", while: process)
            _ = try query(conninfo, "DROP TRIGGER no ON dag_task_activity_logs")
            try errors.wait(for: "notice: the store takes batches again", while: process)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try query(conninfo, "SELECT count(*) FROM dag_task_activity_logs") == "20")
        }
    }
#endif
