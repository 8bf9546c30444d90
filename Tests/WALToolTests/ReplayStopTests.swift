#if Postgres
    import Foundation
    import Testing

    /// A replay into a store that is slow or away isn't silent, and a signal ends it in order.
    @Suite(
        .serialized, .timeLimit(.minutes(5)),
        .enabled("PostgreSQL isn't installed: Scripts/install-dependencies --servers") {
            ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
                || system("command -v pg_config >/dev/null") == 0
        })
    struct ReplayStopTests {
        private let scratch: Scratch
        private let log: String
        private let errors: URL
        private let server: String
        private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Scripts/private-server").path()

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            // Short: the paths of sockets have 107 bytes at most.
            server = NSTemporaryDirectory() + "wtr-" + UUID().uuidString.prefix(8)
            errors = scratch.file("errors")
            try #require(FileManager.default.createFile(atPath: errors.path, contents: nil))
            let lines = (1...20).map {
                #"{"type":"activity_log","activity":{"id":"a\#($0)","task_id":"t","dag_id":"d","node_id":"n","#
                    + #""action":"act","created_at":"2024-01-01T00:00:00Z"}}"#
            }
            let run = try ToolRun(
                ["ingest", "--log", log, "--store", "memory:", "--source", "s"],
                input: scratch.file("input", lines: lines))
            try #require(run.status == 0, "\(run.errors)")
        }

        /// Not by Foundation's `Process`: it waits until every descendant is gone, and the server is one.
        @discardableResult private func run(_ verb: String) throws -> String {
            let output = scratch.path("server-output")
            try #require(system("'\(Self.program)' postgres \(verb) '\(server)' >'\(output)'") == 0)
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        private func removeServer() {
            _ = try? run("crash")
            try? FileManager.default.removeItem(atPath: server)
        }

        private func replay(_ conninfo: String) throws -> Process {
            let process = try ToolRun.process(["replay", log, "--into", "postgres:\(conninfo)", "--batch-size", "5"])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
            return process
        }

        private func wait(for text: String, while process: Process) throws {
            func shown() throws -> String { String(decoding: try Data(contentsOf: errors), as: UTF8.self) }
            let end = Date(timeIntervalSinceNow: 60)
            while try !shown().contains(text), process.isRunning, Date() < end { usleep(20_000) }
            let found = try shown()
            try #require(found.contains(text), "\(found)")
        }

        private func query(_ conninfo: String, _ sql: String) throws -> String {
            let output = scratch.path("query-output")
            try #require(system("psql -XAtq '\(conninfo)' -c \"\(sql)\" >'\(output)'") == 0)
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// The batch that the store takes is held up by another session's lock until the signal was heard.
        @Test func theFirstSignalEndsItWithTheBatchThatIsUnderWay() throws {
            let conninfo = try run("start")
            defer { removeServer() }
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
            try wait(for: "SIGTERM: no more is read", while: process)
            try wait(for: "A second signal ends this at once", while: process)
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
            let conninfo = try run("start")
            defer { removeServer() }
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
            try wait(for: "warning: the store has failed; the batch is tried again", while: process)
            _ = try query(conninfo, "DROP TRIGGER no ON dag_task_activity_logs")
            try wait(for: "notice: the store takes batches again", while: process)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try query(conninfo, "SELECT count(*) FROM dag_task_activity_logs") == "20")
        }
    }
#endif
