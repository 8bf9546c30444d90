import ArgumentParser
import WALTasks

#if MySQL
    import WALMySQL
#endif
#if Postgres
    import WALPostgres
#endif
#if SQLite
    import WALSQLite
#endif

/// A store: `postgres:CONNINFO`, `mysql:URL`, `sqlite:FILE` or `memory:`.
enum StoreArgument: ExpressibleByArgument, Equatable, Sendable {
    case postgres(conninfo: String)
    case mysql(url: String)
    case sqlite(path: String)
    /// The store that ends with the process.
    case memory
    /// Any other argument. `open` and `inspect` reject it, because the parser would quote a rejected argument, which
    /// may contain a password.
    case unknown

    static let forms = "postgres:CONNINFO, mysql://USER@HOST/DATABASE, sqlite:FILE or memory:"

    init(argument: String) {
        self = .unknown
        guard let colon = argument.firstIndex(of: ":") else { return }
        let rest = String(argument[argument.index(after: colon)...])
        switch argument[..<colon] {
        case "memory" where rest.isEmpty: self = .memory
        case "sqlite" where !rest.isEmpty: self = .sqlite(path: rest)
        // libpq requires the whole text of `postgresql://…` and `postgres://…`.
        case "postgres", "postgresql": self = .postgres(conninfo: rest.hasPrefix("//") ? argument : rest)
        case "mysql", "mariadb": self = .mysql(url: "mysql:\(rest)")
        default: break
        }
    }

    /// The name of the store's sink in a program that doesn't name it.
    var sinkName: String {
        switch self {
        case .postgres: "postgres"
        case .mysql: "mysql"
        case .sqlite: "sqlite"
        case .memory: "memory"
        case .unknown: ""
        }
    }

    /// Opens the store for writing, with a connection for each worker.
    func open(workers: Int = 2) async throws -> any TaskStore {
        try await access().open(workers)
    }

    /// Opens the store for writing to its dead letters. Throws if the store doesn't exist or keeps none.
    func openLetters(workers: Int = 2) async throws -> any DeadLetterStore {
        // An opening for writing would create the store.
        try await inspect().close()
        let opened = try await open(workers: workers)
        guard let store = opened as? any DeadLetterStore else {
            throw ToolError(.usage, "\(opened.name) keeps no dead letters.")
        }
        return store
    }

    /// Opens the store for reading. Throws if the store doesn't exist, and doesn't create it.
    func inspect() async throws -> any StoreInspector {
        try await access().inspect()
    }

    /// The openings of one kind of store.
    private struct Access {
        let open: (_ workers: Int) async throws -> any TaskStore
        let inspect: () async throws -> any StoreInspector
    }

    private func access() throws -> Access {
        switch self {
        case .unknown: throw ToolError(.usage, "The argument is not a store. Stores are \(Self.forms).")
        case .memory:
            return Access(
                open: { _ in MemoryTaskStore() },
                inspect: { throw ToolError(.usage, "memory: can't be read: it exists only in its own process.") })
        case .postgres(let conninfo):
            #if Postgres
                return Access(
                    open: {
                        try await PostgresTaskStore(conninfo, writeConnections: $0, logger: StandardErrorLog.logger)
                    },
                    inspect: { try await PostgresTaskStore.inspector(conninfo) })
            #else
                throw Self.missing("Postgres")
            #endif
        case .mysql(let url):
            #if MySQL
                return Access(
                    open: { try await MySQLTaskStore(url: url, writeConnections: $0, logger: StandardErrorLog.logger) },
                    inspect: { try await MySQLTaskStore.inspector(url: url) })
            #else
                throw Self.missing("MySQL")
            #endif
        case .sqlite(let path):
            #if SQLite
                return Access(
                    open: { _ in try await SQLiteTaskStore(path: path, logger: StandardErrorLog.logger) },
                    inspect: { try await SQLiteTaskStore.inspector(path: path) })
            #else
                throw Self.missing("SQLite")
            #endif
        }
    }

    private static func missing(_ trait: String) -> ToolError {
        ToolError(.usage, "This wal was built without \(trait). Build it with --traits \(trait).")
    }
}
