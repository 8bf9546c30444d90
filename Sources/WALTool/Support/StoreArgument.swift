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
enum StoreArgument: ExpressibleByArgument, Sendable {
    case postgres(conninfo: String)
    case mysql(url: String)
    case sqlite(path: String)
    case memory
    /// Any other argument. `open` and `inspect` reject it, because the parser would quote a rejected argument, which
    /// may contain a password.
    case unknown

    var isKnown: Bool { if case .unknown = self { false } else { true } }

    /// Whether the store ends with the process.
    var isMemory: Bool { if case .memory = self { true } else { false } }

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
        switch self {
        case .unknown: throw ToolError(.usage, "The argument is not a store. Stores are \(Self.forms).")
        case .memory: return MemoryTaskStore()
        case .postgres(let conninfo):
            #if Postgres
                return try await PostgresTaskStore(
                    conninfo, writeConnections: workers, logger: StandardErrorLog.logger)
            #else
                throw Self.missing("Postgres")
            #endif
        case .mysql(let url):
            #if MySQL
                return try await MySQLTaskStore(
                    url: url, writeConnections: workers, logger: StandardErrorLog.logger)
            #else
                throw Self.missing("MySQL")
            #endif
        case .sqlite(let path):
            #if SQLite
                return try await SQLiteTaskStore(path: path, logger: StandardErrorLog.logger)
            #else
                throw Self.missing("SQLite")
            #endif
        }
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
        switch self {
        case .unknown: throw ToolError(.usage, "The argument is not a store. Stores are \(Self.forms).")
        case .memory: throw ToolError(.usage, "memory: can't be read: it exists only in its own process.")
        case .postgres(let conninfo):
            #if Postgres
                return try await PostgresStoreInspector(conninfo)
            #else
                throw Self.missing("Postgres")
            #endif
        case .mysql(let url):
            #if MySQL
                return try await MySQLStoreInspector(url: url)
            #else
                throw Self.missing("MySQL")
            #endif
        case .sqlite(let path):
            #if SQLite
                return try await SQLiteStoreInspector(path: path)
            #else
                throw Self.missing("SQLite")
            #endif
        }
    }

    private static func missing(_ trait: String) -> ToolError {
        ToolError(.usage, "This wal was built without \(trait). Build it with --traits \(trait).")
    }
}
