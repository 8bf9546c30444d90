#if Postgres
    import Foundation
    import TestSupport
    import Testing

    /// A PostgreSQL server of one test, which `Scripts/private-server` starts. It ends with its last reference.
    final class PrivatePostgres {
        static let reason = Comment("PostgreSQL isn't installed: Scripts/install-dependencies --servers")
        static let isWanted =
            ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
            || system("command -v pg_config >/dev/null") == 0

        private static let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Scripts/private-server").path()

        // Short, because the paths of sockets have at most 107 bytes.
        private let directory = NSTemporaryDirectory() + "wto-" + UUID().uuidString.prefix(8)
        private let scratch: Scratch
        private var output: String { scratch.path("server-output") }

        /// The server writes its connection string into a file of `scratch`.
        init(_ scratch: Scratch) {
            self.scratch = scratch
        }

        deinit {
            _ = try? run("crash")
            try? FileManager.default.removeItem(atPath: directory)
        }

        /// Starts the server, also after a crash, and returns its connection string.
        @discardableResult func start() throws -> String { try run("start") }

        /// Ends the server as `kill -9` does.
        func crash() throws { try run("crash") }

        /// Doesn't use Foundation's `Process`, which waits until every descendant has ended, including the server.
        @discardableResult private func run(_ verb: String) throws -> String {
            try #require(system("'\(Self.program)' postgres \(verb) '\(directory)' >'\(output)'") == 0)
            return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// The standard error of a process of the tool, while it runs.
    struct ErrorOutput {
        let file: URL

        init(_ file: URL) throws {
            self.file = file
            try #require(FileManager.default.createFile(atPath: file.path, contents: nil))
        }

        func shown() throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }

        func wait(for text: String, while process: Process) throws {
            try eventuallyBlocking(every: .milliseconds(20)) {
                try self.shown().contains(text) || !process.isRunning
            }
            let shown = try self.shown()
            try #require(shown.contains(text), "\(shown)")
        }
    }
#endif
