#if SQLite
    import CWALSQLite
    import Foundation
    import TestSupport
    import Testing
    import WALTasks

    @testable import WALSQLite

    /// If a process starts with closed standard descriptors, its files must not get their numbers, because printed text would go
    /// into them.
    @Suite struct DescriptorTests {
        /// SQLite itself avoids these numbers for all files that it opens. (`SQLITE_MINIMUM_FILE_DESCRIPTOR`.)
        @Test func theLibraryTakesNoStandardNumber() async throws {
            let database = try TemporaryDatabase()
            await #expect(processExitsWith: .success) { [path = database.path as String] in
                func run(_ handle: OpaquePointer?, _ sql: String) {
                    #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
                }
                for mode in ["DELETE", "WAL"] {
                    for number: Int32 in 0...2 { close(number) }
                    var handle: OpaquePointer?
                    #expect(
                        sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil) == SQLITE_OK)
                    run(handle, "PRAGMA journal_mode = \(mode); CREATE TABLE IF NOT EXISTS t (x)")
                    run(handle, "BEGIN; INSERT INTO t VALUES (randomblob(1000000))")
                    #expect(StandardNumbers.taken(by: path) == [])
                    run(handle, "COMMIT")
                    #expect(StandardNumbers.taken(by: path) == [])
                    #expect(sqlite3_close(handle) == SQLITE_OK)
                }
            }
        }

        @Test func noFileOfAStoreHasAStandardNumber() async throws {
            let database = try TemporaryDatabase()
            await #expect(processExitsWith: .success) { [path = database.path as String] in
                for life in 0..<2 {
                    for number: Int32 in 0...2 { close(number) }
                    let store = try await SQLiteTaskStore(path: path)
                    for number in 0..<50 {
                        try await store.save(task("\(life)-\(number)"))
                        #expect(try await store.task(id: "\(life)-\(number)") != nil)
                        #expect(StandardNumbers.taken(by: path) == [])
                        for number: Int32 in 0...2 { close(number) }
                    }
                    try await store.close()
                    let inspector = try await SQLiteTaskStore.inspector(path: path)
                    _ = try await inspector.checkpoints(log: log)
                    #expect(StandardNumbers.taken(by: path) == [])
                    try await inspector.close()
                }
            }
            #expect(try database.number("SELECT count(*) FROM dag_tasks") == 100)
            #expect(try database.texts("PRAGMA integrity_check") == ["ok"])
        }
    }

    private enum StandardNumbers {
        /// The numbers of standard input, output and error that are files of the database.
        static func taken(by path: String) -> [String] {
            (0...2).compactMap { number in
                let link = "/proc/self/fd/\(number)"
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
                return target.flatMap { $0.hasPrefix(path) ? "\(number) is \($0)" : nil }
            }
        }
    }
#endif
