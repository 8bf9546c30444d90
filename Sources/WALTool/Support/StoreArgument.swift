import ArgumentParser
import WALTasks

#if SQLite
    import WALSQLite
#endif

/// `sqlite:FILE` or `memory:`.
enum StoreArgument: ExpressibleByArgument, Sendable {
    case sqlite(path: String)
    case memory

    init?(argument: String) {
        if argument == "memory:" {
            self = .memory
        } else if argument.hasPrefix("sqlite:"), argument.utf8.count > 7 {
            self = .sqlite(path: String(argument.dropFirst(7)))
        } else {
            return nil
        }
    }

    func open() async throws -> any TaskStore {
        switch self {
        case .memory: return MemoryTaskStore()
        case .sqlite(let path):
            #if SQLite
                return try await SQLiteTaskStore(path: path)
            #else
                throw ToolError(
                    .usage, "This wal was built without SQLite: \(path) needs a build with --traits SQLite.")
            #endif
        }
    }
}
