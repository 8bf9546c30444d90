#if Postgres
    import Foundation
    import Testing

    @testable import WALPostgres

    extension Trait where Self == ConditionTrait {
        /// Skips tests that need PgBouncer if it isn't installed.
        static var needsBouncer: Self {
            .enabled("PgBouncer isn't installed: Scripts/install-dependencies --servers") { Bouncer.isThere }
        }
    }

    /// A PgBouncer in transaction mode in front of a server, on a socket in the server's directory.
    final class Bouncer: Sendable {
        private static let path = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map {
            $0 + "/pgbouncer"
        }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

        static var isThere: Bool {
            PrivateServer.isThere && path != nil || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
        }

        private let directory: String
        /// The connection string of libpq, without a database's name.
        let conninfo: String

        /// With fewer sessions than connections, so that a connection's transactions run in sessions that others have used.
        init(before server: PrivateServer, sessions: Int) throws {
            let program = try #require(Self.path)
            directory = server.directory + "/b" + UUID().uuidString.prefix(4)
            conninfo = "host=\(directory) port=6432 user=test"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try """
            [databases]
            * = host=\(server.directory) port=5432 user=test
            [pgbouncer]
            pool_mode = transaction
            default_pool_size = \(sessions)
            unix_socket_dir = \(directory)
            listen_port = 6432
            auth_type = any
            logfile = \(directory)/log
            pidfile = \(directory)/pid

            """.write(toFile: directory + "/ini", atomically: true, encoding: .utf8)
            // It refuses to run as root.
            let user = getuid() == 0 ? "chown -R postgres \(directory) && cd / && runuser -u postgres -- " : ""
            _ = try PrivateServer.shell("\(user)\(program) -q -d \(directory)/ini")
            // It forks into the background before it listens.
            _ = try PrivateServer.shell(
                "for _ in $(seq 1200); do [ -S \(directory)/.s.PGSQL.6432 ] && exit; sleep 0.05; done; exit 1")
            // The bouncer doesn't outlive this process, whatever ends the process.
            _ = try PrivateServer.shell(
                """
                (while kill -0 \(getpid()) && ! grep -q ' Z ' /proc/\(getpid())/stat && [ -d \(directory) ]; do sleep 1; done 2>/dev/null
                kill $(cat \(directory)/pid)) </dev/null >/dev/null 2>&1 &
                """)
        }

        deinit {
            _ = try? PrivateServer.shell("kill $(cat \(directory)/pid); rm -rf \(directory)")
        }
    }
#endif
