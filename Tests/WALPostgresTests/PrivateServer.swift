#if Postgres
    import CWALPostgres
    import Foundation
    import Testing

    /// A PostgreSQL server of the tests' own, by `Scripts/private-server`: in a directory, on a socket in it.
    final class PrivateServer: Sendable {
        /// libpq's connection string, without a database's name.
        let conninfo: String
        private let directory: String

        /// The one for all tests that don't harm it; nil where PostgreSQL isn't installed.
        static let shared: PrivateServer? = try? PrivateServer()

        /// Whether tests have a server. With `REQUIRE_SERVERS=1` they run without one, and fail.
        static var isThere: Bool {
            shared != nil || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
        }

        /// Starts one, which ends with the last reference or with the process.
        init() throws {
            // Short: the paths of sockets have 107 bytes at most.
            directory = NSTemporaryDirectory() + "wpg-" + UUID().uuidString.prefix(8)
            let output = try Self.script("start", directory)
            conninfo = output.split(separator: " ").filter { !$0.hasPrefix("dbname=") }.joined(separator: " ")
            _ = Self.directories.withLock { $0.insert(directory) }
        }

        deinit {
            Self.remove(directory)
        }

        /// Starts it again after ``crash()`` or ``stop()``.
        func start() throws { _ = try Self.script("start", directory) }

        /// Ends it as a power cut would.
        func crash() throws { _ = try Self.script("crash", directory) }

        /// Ends it in order.
        func stop() throws { _ = try Self.script("stop", directory) }

        // MARK: The script

        struct Failure: Error {
            var verb: String
            var status: Int32
        }

        private static func script(_ verb: String, _ directory: String) throws -> String {
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let process = Process()
            process.executableURL = root.appending(path: "Scripts/private-server")
            process.arguments = ["postgres", verb, directory]
            // A file and not a pipe: the server would hold a pipe open.
            let output = FileManager.default.temporaryDirectory.appending(path: "wpg-" + UUID().uuidString)
            _ = FileManager.default.createFile(atPath: output.path(), contents: nil)
            defer { try? FileManager.default.removeItem(at: output) }
            process.standardOutput = try FileHandle(forWritingTo: output)
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw Failure(verb: verb, status: process.terminationStatus)
            }
            return try String(contentsOf: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        // MARK: The end

        private static let directories = Directories()

        /// Of the servers that run, stopped when the process exits.
        private final class Directories: @unchecked Sendable {
            private let lock = NSLock()
            private var running: Set<String> = []

            init() {
                atexit { PrivateServer.removeAll() }
            }

            func withLock<Result>(_ body: (inout Set<String>) -> Result) -> Result {
                lock.withLock { body(&running) }
            }
        }

        private static func removeAll() {
            for directory in directories.withLock({ $0 }) { remove(directory) }
        }

        private static func remove(_ directory: String) {
            guard directories.withLock({ $0.remove(directory) }) != nil else { return }
            _ = try? script("crash", directory)
            try? FileManager.default.removeItem(atPath: directory)
        }
    }
#endif
