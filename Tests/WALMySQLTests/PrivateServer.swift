#if MySQL
    import Foundation
    import Testing
    import WALTasks

    @testable import WALMySQL

    /// A server of this test process, in a temporary directory, without a network: MariaDB, or MySQL with `WAL_MYSQL=1`.
    ///
    /// A shell stops it and removes the directory after the test process ends in any way.
    final class PrivateServer: Sendable {
        /// The server that tests share, unless they change the whole server.
        static let shared = Result { try PrivateServer() }
        /// The server whose settings tests change.
        static let adjustable = Result { try PrivateServer() }

        static let isMySQL = ProcessInfo.processInfo.environment["WAL_MYSQL"] == "1"
        private static let kind = isMySQL ? "mysql" : "mariadb"

        private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent().path

        /// With `REQUIRE_SERVERS=1`, tests fail without MariaDB instead of being skipped. MySQL is that of an unstable
        /// release, which may not have it.
        static let isWanted =
            isMySQL
            ? FileManager.default.isExecutableFile(atPath: root + "/.build/mysql/mysqld")
            : ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
                || ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].contains {
                    FileManager.default.isExecutableFile(atPath: $0 + "/mariadbd")
                }

        static let reason: Comment =
            isMySQL
            ? "There is no MySQL: Scripts/current-mysql .build/mysql"
            : "MariaDB isn't installed: Scripts/install-dependencies --servers"

        /// For tests that stop a server. MySQL takes seconds of a processor to start, and MariaDB's tests try the same client
        /// library, so the quick tier stops servers of MariaDB alone.
        static let restarts: ConditionTrait = .enabled(
            if: !isMySQL || ProcessInfo.processInfo.environment["WAL_LONG"] != nil,
            "MySQL is stopped with WAL_LONG=1")

        private static let script = root + "/Scripts/private-server"

        /// Whether every server has the ``hostileSettings``. With `WAL_HOSTILE=1`, all suites run on such servers.
        static let areAllHostile = ProcessInfo.processInfo.environment["WAL_HOSTILE"] == "1"

        /// Settings that sessions inherit, all changed from their defaults.
        private static let hostileSettings = [
            "sql_select_limit = 1", "sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,IGNORE_SPACE'",
            "time_zone = '+11:30'", "max_join_size = 1", "autocommit = 0",
            "sql_safe_updates = 1", "completion_type = 'CHAIN'", "max_sort_length = 64", "group_concat_max_len = 4",
            "innodb_lock_wait_timeout = 1", "lock_wait_timeout = 1",
            "character_set_server = latin1", "collation_server = latin1_swedish_ci",
            "character_set_client = latin1", "character_set_results = latin1",
            "character_set_connection = latin1", "default_storage_engine = MyISAM", "sql_auto_is_null = 1",
            "low_priority_updates = 1", "lc_time_names = 'de_DE'", "div_precision_increment = 0",
        ]
        private static let settingsOfOneKind =
            isMySQL
            ? ["transaction_isolation = 'SERIALIZABLE'", "max_execution_time = 2000"]
            : ["tx_isolation = 'SERIALIZABLE'", "max_statement_time = 2", "old_mode = ''"]

        let directory: String
        private let isHostile: Bool
        /// The address of the database `test`.
        let url: String

        init(isHostile: Bool = areAllHostile) throws {
            self.isHostile = isHostile
            // Short, because a socket's path has at most 107 bytes.
            let parent = ProcessInfo.processInfo.environment["WAL_SERVERS"] ?? NSTemporaryDirectory()
            directory = parent + "wmy-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
            url = try Self.run("start", directory).trimmingCharacters(in: .whitespacesAndNewlines)
            // In the background, without anything of this process for which another process could wait. A crashed process is a
            // zombie until `swift test` has read its output.
            _ = try Self.shell(
                """
                (while kill -0 \(getpid()) && ! grep -q ' Z ' /proc/\(getpid())/stat && [ -d '\(directory)' ]; do sleep 1; done 2>/dev/null
                '\(Self.script)' \(Self.kind) crash '\(directory)'; rm -rf '\(directory)') </dev/null >/dev/null 2>&1 &
                """)
            try setUp()
        }

        /// Applies the settings, which last until the server ends.
        private func setUp() throws {
            guard isHostile else { return }
            let root = try Connection(ConnectionSettings(url: url), access: .readWrite)
            for setting in Self.hostileSettings + Self.settingsOfOneKind {
                try root.execute("SET GLOBAL \(setting)", named: setting)
            }
        }

        deinit {
            _ = try? Self.run("crash", directory)
            try? FileManager.default.removeItem(atPath: directory)
        }

        func start() throws {
            _ = try Self.run("start", directory)
            try setUp()
        }
        func crash() throws { _ = try Self.run("crash", directory) }
        func stop() throws { _ = try Self.run("stop", directory) }

        func processID() throws -> pid_t {
            guard let id = pid_t(try Self.run("pid", directory).trimmingCharacters(in: .whitespacesAndNewlines)) else {
                throw ServerFailure(description: "no process id")
            }
            return id
        }

        private static func run(_ verb: String, _ directory: String) throws -> String {
            try shell("'\(script)' \(kind) \(verb) '\(directory)'")
        }

        /// Doesn't use `Process`, which counts a process as running while a server lives that it has started.
        private static func shell(_ command: String) throws -> String {
            guard let pipe = popen(command, "r") else { throw ServerFailure(description: "no process: \(errno)") }
            var output: [UInt8] = []
            while case let byte = getc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
            let status = pclose(pipe)
            guard status == 0 else { throw ServerFailure(description: "status \(status): \(command)") }
            return String(decoding: output, as: UTF8.self)
        }
    }

    struct ServerFailure: Error, CustomStringConvertible {
        let description: String
    }
#endif
