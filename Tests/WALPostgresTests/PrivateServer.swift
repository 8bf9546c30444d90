#if Postgres
    import Foundation
    import Testing

    @testable import WALPostgres

    /// A PostgreSQL server of the tests, which `Scripts/private-server` starts, with a directory and a socket in it.
    final class PrivateServer: Sendable {
        /// The connection string of libpq, without a database's name.
        let conninfo: String
        let directory: String

        /// The server for all tests that don't harm it, or nil if PostgreSQL isn't installed.
        static let shared: PrivateServer? = {
            // Its last reference is never released.
            atexit { PrivateServer.shared?.remove() }
            return try? PrivateServer()
        }()

        /// Whether every server has the ``hostileSettings``. With `WAL_HOSTILE=1`, all suites run on such servers.
        static let areAllHostile = ProcessInfo.processInfo.environment["WAL_HOSTILE"] == "1"

        /// Settings that sessions inherit, all changed from their defaults.
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

        /// Whether tests have a server. With `REQUIRE_SERVERS=1`, they run without one, and fail.
        static var isThere: Bool {
            shared != nil || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
        }

        /// Starts a streaming standby.
        convenience init(standbyOf primary: PrivateServer) throws {
            try self.init(verb: "standby", of: primary)
        }

        /// Starts a server, which ends with its last reference or with the process.
        convenience init(isHostile: Bool = areAllHostile) throws {
            try self.init(verb: "start", of: nil)
            // It must accept the connections of all concurrent tests.
            try set(["max_connections = 500"] + (isHostile ? Self.hostileSettings : []))
            // The first setting would make each session load a compiler, which takes a third of a second. The second one would
            // make a crash lose confirmed commits, so servers that tests crash don't have it.
            if isHostile { try set([Self.areAllHostile ? "jit_above_cost = 0" : "synchronous_commit = off"]) }
        }

        private init(verb: String, of primary: PrivateServer?) throws {
            // Short, because a socket's path has at most 107 bytes.
            let parent = ProcessInfo.processInfo.environment["WAL_SERVERS"] ?? NSTemporaryDirectory()
            directory = parent + "wpg-" + UUID().uuidString.prefix(8)
            let output = try Self.script(verb, "\(directory) \(primary?.directory ?? "")")
            conninfo = output.split(separator: " ").filter { !$0.hasPrefix("dbname=") }.joined(separator: " ")
            // The server doesn't outlive this process, whatever ends the process. A crashed process is a zombie until `swift
            // test` has read its output, and the server keeps that pipe open.
            _ = try Self.shell(
                """
                (while kill -0 \(getpid()) && ! grep -q ' Z ' /proc/\(getpid())/stat && [ -d \(directory) ]; do sleep 1; done 2>/dev/null
                \(Self.program) postgres crash \(directory); rm -rf \(directory)) </dev/null >/dev/null 2>&1 &
                """)
        }

        deinit {
            remove()
        }

        /// Stops the server and removes it. A server that lives until the end of the process needs this call at exit.
        func remove() {
            _ = try? crash()
            try? FileManager.default.removeItem(atPath: directory)
        }

        /// Sets defaults for all sessions.
        private func set(_ settings: [String]) throws {
            let root = try Connection(
                ConnectionSettings(
                    conninfo: conninfo + " dbname=postgres", statementTimeout: .seconds(60),
                    lockTimeout: .seconds(60)))
            for setting in settings { try root.execute("ALTER SYSTEM SET \(setting)", named: setting) }
            try stop()
            try start()
        }

        /// Restarts the server after ``crash()`` or ``stop()``.
        func start() throws { _ = try Self.script("start", directory) }

        /// Stops the server like a power cut.
        func crash() throws { _ = try Self.script("crash", directory) }

        /// Makes a standby the primary.
        func promote() throws { _ = try Self.script("promote", directory) }

        /// Stops the server in order.
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

        /// Doesn't use Foundation's `Process`, which waits until every descendant has ended, including the server.
        static func shell(_ command: String) throws -> String {
            let output = NSTemporaryDirectory() + "wpg-output-" + UUID().uuidString
            defer { unlink(output) }
            let status = system("{ \(command)\n} >\(output)")
            guard status == 0 else { throw Failure(command: command, status: status) }
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
#endif
