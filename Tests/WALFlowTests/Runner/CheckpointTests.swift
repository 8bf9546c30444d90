#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALSQLite
    import WALTasks
    import WALTesting

    @testable import WALFlow

    @Suite struct CheckpointTests {
        @Test func checkpointsLetTheLogDropWhatEndedTasksWrote() async throws {
            let (directory, clock) = (TemporaryDirectory(), ManualClock())
            let dag = DAG(name: "Mix", key: "mix", of: [Int].self) { dag, input in
                let slept = dag.addTimer("sleep", after: input, for: .seconds(86_400))
                return dag.addNode("end", after: slept) { _, values in values.count }
            }
            let quick = DAG(name: "Quick", key: "quick", of: [Int].self) { dag, input in
                dag.addNode("end", after: input) { _, values in values.count }
            }
            func open() async throws -> (BufferedTaskStorage<SQLiteTaskStore>, FlowRunner) {
                var buffer = TaskBufferConfiguration()
                buffer.segmentSize = 256 << 10
                buffer.segmentRetention = .zero
                buffer.flushInterval = .milliseconds(20)
                let storage = try await BufferedTaskStorage.sqlite(
                    directory.path + ".db", log: directory.path, configuration: buffer)
                var configuration = FlowConfiguration.test
                configuration.checkpointSize = 512 << 10
                return (
                    storage,
                    try await FlowRunner(
                        storage: storage, dags: [dag, quick], configuration: configuration, clock: clock)
                )
            }
            var (storage, runner) = try await open()
            for number in 0..<200 { _ = try await runner.process(Array(0..<20), by: dag, id: "sleeper-\(number)") }
            let first = storage.writeAheadLog.lastSequence
            for _ in 0..<500 { _ = try await runner.process(Array(0..<100), by: quick).result() }
            try await eventually {
                for _ in 0..<50 { _ = try await runner.process(Array(0..<100), by: quick).result() }
                await storage.writeAheadLog.applyRetention()
                return storage.writeAheadLog.firstSequence > first
            }
            await runner.close()
            try await storage.close()
            (storage, runner) = try await open()
            #expect(runner.liveTasks.count == 200)
            clock.advance(by: .seconds(86_401))
            try await eventually { runner.liveTasks.isEmpty }
            await runner.close()
            try await storage.close()
        }
    }
#endif
