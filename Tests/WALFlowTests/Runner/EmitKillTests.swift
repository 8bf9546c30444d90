#if SQLite
    import Foundation
    import Glibc
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks
    import WALTesting

    @testable import WALFlow
    @testable import WALSQLite

    /// After `kill -9`, the messages in a database are those of the results in the journal: none is missing, none is duplicated,
    /// and none comes from an attempt that failed or that the kill interrupted.
    @Suite(.serialized) struct EmitKillTests {
        static func dag() -> DAG<Int, Int> {
            let options = NodeOptions(retry: .constant(max: 5, every: .milliseconds(1)))
            return DAG(name: "Mails", key: "mails", of: Int.self) { dag, input in
                let each = dag.addIterator("each", over: input, { Array(0..<$0 % 4) }, concurrency: 3) { body, value in
                    body.addNode("send", after: value, options: options) { step, value in
                        try step.emit(Array("\(step.key) \(step.attempt) 1".utf8), to: "mail")
                        // The kill may come between the two messages.
                        await Task.yield()
                        try step.emit(Array("\(step.key) \(step.attempt) 2".utf8), to: "mail")
                        try step.emit([0], to: "nobody")
                        if step.attempt == 1, value % 3 == 0 { throw TestError("away") }
                        return value
                    }
                }
                return dag.addNode("sum", after: each) { step, values in
                    try step.emit(Array("\(step.key) \(step.attempt) 1".utf8), to: "mail")
                    return values.reduce(0, +)
                }
            }
        }

        /// The number of messages that a step sends.
        private static func messageCount(_ path: String) -> Int { path == "sum" ? 1 : 2 }

        static func open(_ path: String) async throws -> (BufferedTaskStorage<MemoryTaskStore>, FlowRunner) {
            // No constraint prevents a duplicate message.
            let sink = try await SQLiteSink(
                path: path + ".mails.db", tables: "CREATE TABLE IF NOT EXISTS mails (text TEXT NOT NULL)"
            ) { transaction, batch in
                let rows = batch.records.map { [SQLValue.text(String(decoding: $0.payload, as: UTF8.self))] }
                try transaction.executeMany("INSERT INTO mails VALUES (?)", rows)
            }
            var buffer = TaskBufferConfiguration()
            buffer.flushInterval = .milliseconds(5)
            let storage = try await BufferedTaskStorage.memory(
                log: path, additionalSinks: [AdditionalSink(EmittedSink(sink, named: "mail"))], configuration: buffer)
            let runner = try await FlowRunner(
                storage: storage, dags: [dag()], configuration: FlowConfiguration(maxResumptions: 1000))
            return (storage, runner)
        }

        @Test(arguments: 0..<FlowKillTests.rounds)
        func eachMessageOfAResultArrivesOnce(_ round: Int) async throws {
            let directory = TemporaryDirectory()
            let path = directory.path
            defer {
                for end in ["", "-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: path + ".mails.db" + end)
                }
            }
            for life in 0..<2 {
                await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, life = life as Int] in
                    let time = Int.random(in: 20_000...150_000)
                    Thread.detachNewThread {
                        usleep(UInt32(time))
                        kill(getpid(), SIGKILL)
                    }
                    let (_, runner) = try await EmitKillTests.open(path)
                    for number in 0... {
                        _ = try await runner.process(number, by: EmitKillTests.dag(), id: "\(life)-\(number)")
                        if number % 20 == 19 { try await Task.sleep(for: .milliseconds(1)) }
                    }
                }
                let due = Set(try Self.due(path))
                for text in try Self.arrived(path) { #expect(due.contains(text), "\(text) arrived without a result") }
            }
            let (storage, runner) = try await Self.open(path)
            _ = try await runner.process(7, by: Self.dag(), id: "last")
            try await eventually { runner.liveTasks.isEmpty }
            await runner.close()
            try await storage.drain()
            try await storage.close()
            let due = try Self.due(path)
            #expect(due.contains("last/sum 1 1"))
            #expect(try Self.arrived(path).sorted() == due.sorted())
        }

        /// The messages of the attempts whose results the journal has.
        private static func due(_ path: String) throws -> [String] {
            guard let log = try? ReadOnlyLog(at: path) else { return [] }
            let reader = log.reader()
            var due: [String] = []
            while let messages = try reader.next(
                { record -> [String] in
                    guard let flow = (try? FlowRecord(record.payload)) ?? nil,
                        case .result(let path, let attempt, _, _, _) = flow.event
                    else { return [] }
                    return (1...messageCount(path)).map { "\(flow.taskID)/\(path) \(attempt) \($0)" }
                }, gap: { _ in [] })
            {
                due += messages
            }
            return due
        }

        private static func arrived(_ path: String) throws -> [String] {
            guard FileManager.default.fileExists(atPath: path + ".mails.db") else { return [] }
            let connection = try Connection(path: path + ".mails.db", access: .readWrite, busyTimeout: .seconds(5))
            // A kill while the sink opens leaves a database without the table.
            let isMade = try Statement(
                "SELECT count(*) FROM sqlite_master WHERE name = 'mails'", named: "made", on: connection)
            guard try isMade.first({ (row) throws(StoreError) in row.number() }) == 1 else { return [] }
            let mails = try Statement("SELECT text FROM mails", named: "mails", on: connection)
            return try mails.all { (row) throws(StoreError) in row.text() }
        }
    }
#endif
