#if MySQL
    import Foundation
    import TestSupport
    import Testing
    import WALTasks

    @testable import WALMySQL

    /// If a process starts with closed standard descriptors, its sockets must not get their numbers, because printed text would
    /// go into them.
    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason), .timeLimit(.minutes(30)))
    struct DescriptorTests {
        @Test func noSocketHasAStandardNumber() async throws {
            let database = try TestDatabase()
            await #expect(processExitsWith: .success) { [url = database.url as String] in
                StandardNumbers.close()
                let store = try await MySQLTaskStore(
                    url: url, statementTimeout: .seconds(3600), lockTimeout: .seconds(3600))
                try await store.save(task("a"))
                #expect(StandardNumbers.sockets == [])

                let other = try Connection(ConnectionSettings(url: url), access: .readWrite)
                let sessions = try Statement(
                    "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
                    named: "look", on: other
                ).all { (row) throws(StoreError) in row.number() }
                #expect(!sessions.isEmpty)
                for session in sessions { try other.execute("KILL \(session)", named: "terminate") }
                StandardNumbers.close()
                try await eventually(every: .milliseconds(10)) {
                    await code { try await store.save(task("b")) } == nil
                }
                #expect(StandardNumbers.sockets == [])

                try other.execute("LOCK TABLES dag_tasks WRITE", named: "hold up")
                let held = Task { await code(of: { try await store.save(task("c")) }) }
                let waiting =
                    "SELECT count(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'"
                try await eventually(every: .milliseconds(10)) {
                    let look = try Statement(waiting, named: "look", on: other)
                    return try look.first { (row) throws(StoreError) in row.number() } == 1
                }
                StandardNumbers.close()
                held.cancel()
                #expect(await held.value == .cancelled)
                // The socket that sent the cancellation is closed. The placeholders of the standard descriptors remain.
                #expect(StandardNumbers.sockets == [])
                #expect((0...2).allSatisfy { fcntl($0, F_GETFD) >= 0 })
                try other.execute("UNLOCK TABLES", named: "let go")
                try await store.close()
            }
            #expect(try database.texts("SELECT id FROM dag_tasks ORDER BY id") == ["a", "b"])
        }
    }

    private enum StandardNumbers {
        static func close() {
            for number: Int32 in 0...2 { _ = Foundation.close(number) }
        }

        /// The numbers of standard input, output and error that are sockets.
        static var sockets: [Int] {
            (0...2).filter { number in
                let link = "/proc/self/fd/\(number)"
                return (try? FileManager.default.destinationOfSymbolicLink(atPath: link))?.hasPrefix("socket:") ?? false
            }
        }
    }
#endif
