import Foundation

@testable import WALTesting

/// A database server for one test, on a socket in its directory, and a command line client for it.
final class PrivateServer: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case postgres, mariadb

        var socketName: String { self == .postgres ? ".s.PGSQL.5432" : "s.sock" }
        fileprivate var client: String { self == .postgres ? "psql" : "mariadb" }
        fileprivate var needed: [String] {
            self == .postgres ? ["psql", "pg_config"] : ["mariadb", "mariadbd", "mariadb-install-db"]
        }

        /// Whether the server can be started here. True where servers are required, so that the test fails without one.
        var isInstalled: Bool {
            if ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1" { return true }
            return needed.allSatisfy { PrivateServer.run("/bin/sh", ["-c", "command -v \($0)"]).status == 0 }
        }
    }

    struct Failure: Error {
        var output: String
    }

    let kind: Kind
    let directory: TemporaryDirectory

    /// Blocks until the server answers.
    init(_ kind: Kind) throws {
        self.kind = kind
        directory = try TemporaryDirectory()
        try script("start")
    }

    deinit {
        try? script("stop")
    }

    var address: SocketAddress { .unix(path: directory.path + "/" + kind.socketName) }

    private func script(_ verb: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let path = root.appending(path: "Scripts/private-server").path
        let result = Self.run("/bin/sh", [path, kind.rawValue, verb, directory.path])
        guard result.status == 0 else { throw Failure(output: result.output) }
    }

    /// Runs one statement through a socket. Returns nil if the client failed.
    func query(_ statement: String, through address: SocketAddress) -> String? {
        guard case .unix(let path) = address else { return nil }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let arguments =
            switch kind {
            case .postgres: ["-h", folder, "-p", "5432", "-U", "test", "-d", "postgres", "-XqAtc", statement]
            case .mariadb: ["--no-defaults", "-uroot", "-S", path, "-BN", "test", "-e", statement]
            }
        let result = Self.run("/usr/bin/env", [kind.client] + arguments)
        return result.status == 0 ? result.output.trimmingCharacters(in: .whitespacesAndNewlines) : nil
    }

    /// Uses `system`. `Process` waits for the end of all processes that inherit its pipes, and servers inherit them.
    private static func run(_ executable: String, _ arguments: [String]) -> (status: Int32, output: String) {
        let file = NSTemporaryDirectory() + "wal-testing-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: file) }
        let quoted = ([executable] + arguments).map { "'" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'" }
        let status = system(quoted.joined(separator: " ") + " </dev/null >'\(file)' 2>&1")
        return (status, (try? String(contentsOfFile: file, encoding: .utf8)) ?? "")
    }
}
