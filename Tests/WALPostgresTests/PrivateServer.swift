#if Postgres
    import Foundation
    import Testing

    @testable import WALPostgres

    /// A PostgreSQL server of the tests' own, by `Scripts/private-server`: in a directory, on a socket in it.
    final class PrivateServer: Sendable {
        /// libpq's connection string, without a database's name.
        let conninfo: String
        let directory: String

        /// The one for all tests that don't harm it; nil where PostgreSQL isn't installed.
        static let shared: PrivateServer? = {
            // The last reference to it is never gone.
            atexit { PrivateServer.shared?.remove() }
            return try? PrivateServer()
        }()

        /// Whether every server is set up as ``hostileSettings`` have it: with `WAL_HOSTILE=1` all suites run on such servers.
        static let areAllHostile = ProcessInfo.processInfo.environment["WAL_HOSTILE"] == "1"

        /// What sessions inherit where an administrator has set everything to what nobody expects.
        private static let hostileSettings = [
            "default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on",
            "statement_timeout = '3s'", "lock_timeout = '10ms'", "idle_in_transaction_session_timeout = '100ms'",
            "DateStyle = 'German, DMY'", "IntervalStyle = 'sql_standard'", "TimeZone = 'Pacific/Apia'",
            "standard_conforming_strings = off", "backslash_quote = off", "bytea_output = 'escape'",
            "extra_float_digits = -15", "client_encoding = 'LATIN1'", "array_nulls = off",
            "transform_null_equals = on", "exit_on_error = on", "enable_indexscan = off",
            "enable_bitmapscan = off", "default_statistics_target = 1",
            "quote_all_identifiers = on", "xmloption = 'document'", "work_mem = '64kB'",
            "plan_cache_mode = 'force_custom_plan'", "row_security = off", "deadlock_timeout = '10ms'",
        ]

        /// Whether tests have a server. With `REQUIRE_SERVERS=1` they run without one, and fail.
        static var isThere: Bool {
            shared != nil || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
        }

        /// Starts a streaming standby.
        convenience init(standbyOf primary: PrivateServer) throws {
            try self.init(verb: "standby", of: primary)
        }

        /// Starts one, which ends with the last reference or with the process.
        convenience init(isHostile: Bool = areAllHostile) throws {
            try self.init(verb: "start", of: nil)
            // It takes the connections of all tests at the same time.
            try set(["max_connections = 500"] + (isHostile ? Self.hostileSettings : []))
            // With the first each session loads a compiler, for a third of a second. With the second a crash loses commits that were
            // confirmed, as its administrator wants it: not for servers that tests crash.
            if isHostile { try set([Self.areAllHostile ? "jit_above_cost = 0" : "synchronous_commit = off"]) }
        }

        private init(verb: String, of primary: PrivateServer?) throws {
            // Short: the paths of sockets have 107 bytes at most.
            directory = NSTemporaryDirectory() + "wpg-" + UUID().uuidString.prefix(8)
            let output = try Self.script(verb, "\(directory) \(primary?.directory ?? "")")
            conninfo = output.split(separator: " ").filter { !$0.hasPrefix("dbname=") }.joined(separator: " ")
            // However this process ends, the server doesn't outlive it. One that crashed is a zombie until `swift test` has read its
            // output, whose pipe the server keeps open.
            _ = try Self.shell(
                """
                (while kill -0 \(getpid()) && ! grep -q ' Z ' /proc/\(getpid())/stat && [ -d \(directory) ]; do sleep 1; done 2>/dev/null
                \(Self.program) postgres crash \(directory); rm -rf \(directory)) </dev/null >/dev/null 2>&1 &
                """)
        }

        deinit {
            remove()
        }

        /// Ends it for good. Who keeps a server to the end of the process calls this at its exit.
        func remove() {
            _ = try? crash()
            try? FileManager.default.removeItem(atPath: directory)
        }

        /// Sets what every session inherits.
        private func set(_ settings: [String]) throws {
            let root = try Connection(
                ConnectionSettings(
                    conninfo: conninfo + " dbname=postgres", statementTimeout: .seconds(60),
                    lockTimeout: .seconds(60)))
            for setting in settings { try root.execute("ALTER SYSTEM SET \(setting)", named: setting) }
            try stop()
            try start()
        }

        /// Starts it again after ``crash()`` or ``stop()``.
        func start() throws { _ = try Self.script("start", directory) }

        /// Ends it as a power cut would.
        func crash() throws { _ = try Self.script("crash", directory) }

        /// Makes a standby a primary.
        func promote() throws { _ = try Self.script("promote", directory) }

        /// Ends it in order.
        func stop() throws { _ = try Self.script("stop", directory) }

        // MARK: The script

        struct Failure: Error {
            var command: String
            var status: Int32
        }

        private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Scripts/private-server").path()

        private static func script(_ verb: String, _ directory: String) throws -> String {
            try shell("\(program) postgres \(verb) \(directory)")
        }

        /// Not by Foundation's `Process`: it waits until every descendant is gone, and the server is one.
        static func shell(_ command: String) throws -> String {
            let output = NSTemporaryDirectory() + "wpg-output-" + UUID().uuidString
            defer { unlink(output) }
            let status = system("{ \(command)\n} >\(output)")
            guard status == 0 else { throw Failure(command: command, status: status) }
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
#endif
