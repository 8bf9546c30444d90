#if SQLite
    import Foundation
    import Glibc
    import TestSupport
    import Testing
    import WAL
    import WALSQLite
    import WALTasks
    import WALTesting

    @testable import WALFlow

    /// After `kill -9`, a finished step never runs again, an accepted task always ends, and the store agrees with the journal.
    ///
    /// Each step first writes its path and attempt to a side file, which the kill can't undo.
    @Suite(.serialized) struct FlowKillTests {
        static let rounds = ProcessInfo.processInfo.environment["WAL_CRASH_ROUNDS"].flatMap { Int($0) } ?? 10

        /// A file of lines. Each line is one `write` to a file that is open for appending.
        struct SideFile: Sendable {
            let descriptor: Int32

            init(_ path: String) {
                descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            }

            func add(_ line: String) {
                let bytes = Array((line + "\n").utf8)
                _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            }

            static func lines(_ path: String) -> [String] {
                guard let data = FileManager.default.contents(atPath: path) else { return [] }
                return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
            }
        }

        static func dag(_ side: SideFile) -> DAG<Int, Int> {
            let inner = DAG(name: "Inner", key: "inner", of: Int.self) { dag, value in
                dag.addNode("add", after: value) { step, value in
                    side.add("run \(step.key)")
                    return value + 1
                }
            }
            return DAG(name: "Kill", key: "kill", of: Int.self) { dag, input in
                let first = dag.addNode(
                    "first", after: input, options: NodeOptions(retry: .constant(max: 5, every: .milliseconds(1)))
                ) {
                    step, value in
                    side.add("run \(step.key)")
                    if step.attempt == 1, value % 3 == 0 { throw TestError("away") }
                    return value
                }
                let each = dag.addIterator("each", over: first, { Array(0..<$0 % 7) }, concurrency: 3) { body, value in
                    let a = body.addNode("a", after: value) { step, value in
                        side.add("run \(step.key)")
                        return value * 2
                    }
                    return body.addNode("b", after: a) { step, value in
                        side.add("run \(step.key)")
                        return value + 1
                    }
                }
                let slept = dag.addTimer("sleep", after: first, for: .milliseconds(2))
                let sub = dag.addDAG("sub", inner, after: slept)
                return dag.addNode("sum", after: each, sub) { step, values, extra in
                    side.add("run \(step.key)")
                    return values.reduce(extra, +)
                }
            }
        }

        static func expected(_ input: Int) -> Int { (0..<input % 7).reduce(input + 1) { $0 + $1 * 2 + 1 } }

        static func open(
            _ path: String, _ side: SideFile
        ) async throws -> (BufferedTaskStorage<SQLiteTaskStore>, FlowRunner, DAG<Int, Int>) {
            var buffer = TaskBufferConfiguration()
            buffer.segmentSize = 256 << 10
            buffer.flushInterval = .milliseconds(5)
            buffer.segmentRetention = .zero
            let storage = try await BufferedTaskStorage.sqlite(path + ".db", log: path, configuration: buffer)
            var configuration = FlowConfiguration(rowInterval: .zero, maxResumptions: 1000, verifiesCoding: true)
            configuration.checkpointSize = 64 << 10
            let dag = dag(side)
            let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: configuration) { result in
                side.add(
                    "end \(result.taskID) \(result.status) \(String(decoding: result.output ?? [], as: UTF8.self))")
            }
            return (storage, runner, dag)
        }

        @Test(arguments: 0..<rounds)
        func finishedStepsDontRunAgainAndAcceptedTasksEnd(_ round: Int) async throws {
            let directory = TemporaryDirectory()
            let sidePath = directory.path + ".side"
            defer {
                try? FileManager.default.removeItem(atPath: sidePath)
                for end in ["", "-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: directory.path + ".db" + end)
                }
            }
            for life in 0..<3 {
                let path = directory.path
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [path = path as String, sidePath = sidePath as String, life = life as Int] in
                    // The first life begins tasks. The second is often killed while it opens.
                    let time = life == 1 ? Int.random(in: 500...30_000) : Int.random(in: 20_000...150_000)
                    Thread.detachNewThread {
                        usleep(UInt32(time))
                        kill(getpid(), SIGKILL)
                    }
                    let side = SideFile(sidePath)
                    let (_, runner, dag) = try await FlowKillTests.open(path, side)
                    for number in 0... {
                        let id = "\(life)-\(number)"
                        _ = try await runner.process(number, by: dag, id: id)
                        side.add("accepted \(id) \(number)")
                        if number % 20 == 19 { try await Task.sleep(for: .milliseconds(1)) }
                    }
                }
                // A step with a result before the next life begins must not run after this line.
                let results = try Self.results(directory.path)
                let side = SideFile(sidePath)
                for key in results { side.add("finished \(key)") }
            }
            let side = SideFile(sidePath)
            let (storage, runner, _) = try await Self.open(directory.path, side)
            try await eventually { runner.liveTasks.isEmpty }
            await runner.close()
            try await storage.drain()
            try await check(SideFile.lines(sidePath), storage)
            try await storage.close()
        }

        /// The keys of the steps whose results the journal has.
        private static func results(_ path: String) throws -> [String] {
            guard let log = try? ReadOnlyLog(at: path) else { return [] }
            let reader = log.reader()
            var keys: [String] = []
            while let key = try reader.next(
                { record -> String in
                    guard let flow = (try? FlowRecord(record.payload)) ?? nil,
                        case .result(let path, _, _, _, _) = flow.event
                    else { return "" }
                    return "\(flow.taskID)/\(path)"
                }, gap: { _ in "" })
            {
                if !key.isEmpty { keys.append(key) }
            }
            return keys
        }

        private func check(_ lines: [String], _ storage: BufferedTaskStorage<SQLiteTaskStore>) async throws {
            var finished: Set<String> = []
            var accepted: [String: Int] = [:]
            var ended: [String: String] = [:]
            for line in lines {
                let words = line.split(separator: " ").map(String.init)
                switch words[0] {
                case "run": #expect(!finished.contains(words[1]), "\(words[1]) ran again")
                case "finished": finished.insert(words[1])
                case "accepted": accepted[words[1]] = Int(words[2])
                default: ended[words[1]] = words.dropFirst(2).joined(separator: " ")
                }
            }
            for (id, input) in accepted { #expect(ended[id] == "completed \(Self.expected(input))", "\(id)") }
            for (id, end) in ended where accepted[id] == nil { #expect(end.hasPrefix("completed"), "\(id)") }
            for id in ended.keys {
                let row = try await storage.store.task(id: id)
                #expect(row?.status == .completed && row?.processingState == "completed", "\(id)")
            }
        }
    }
#endif
