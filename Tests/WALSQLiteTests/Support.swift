#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALSQLite

    /// A directory for one database, which exists until its last reference is gone.
    final class TemporaryDatabase: Sendable {
        let directory: String
        let path: String

        init() throws {
            directory = NSTemporaryDirectory() + "wal-sqlite-" + UUID().uuidString
            path = directory + "/tasks.sqlite"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: directory)
        }

        /// A second connection, like that of another process.
        func connect() throws -> Connection {
            try Connection(path: path, access: .readWrite, busyTimeout: .zero)
        }

        func number(_ query: String) throws -> Int64? {
            try Statement(query, named: query, on: connect()).first { (row) throws(StoreError) in row.number() }
        }

        func texts(_ query: String) throws -> [String] {
            try Statement(query, named: query, on: connect()).all { (row) throws(StoreError) in row.text() }
        }
    }

    let log = LogID.ofTests
    let logDigits = "000102030405060708090a0b0c0d0e0f"
#endif
