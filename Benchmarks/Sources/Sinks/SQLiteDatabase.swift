import CNaive
import Foundation
import WALSQLite

/// SQLite: a new file for each measurement.
struct SQLiteDatabase: Database {
    let path: String

    var kind: StoreKind { .sqlite }
    var serverProcess: Int32? { nil }

    func connect() throws -> NaiveConnection {
        try NaiveConnection { naive_open_sqlite(path, $0) }
    }

    func openStore(writeConnections: Int) async throws -> SQLiteTaskStore {
        try await SQLiteTaskStore(path: path)
    }

    func openOwnSink() async throws -> SQLiteSink {
        try await SQLiteSink(path: path) { try OwnStatements.of(.sqlite).write($1, in: $0) }
    }

    func clear() throws {
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    func settings(_ connection: NaiveConnection) throws -> [Setting] {
        try ["journal_mode", "synchronous", "cache_size", "wal_autocheckpoint"].map { name in
            Setting(name: name, value: try connection.query("PRAGMA \(name)"))
        }
    }

    func versions(_ connection: NaiveConnection) throws -> [Setting] {
        [Setting(name: "SQLite", value: String(cString: naive_library_sqlite()))]
    }
}
