import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

#if SQLite
    import WALSQLite
#endif

/// The log space that live tasks take. A disk budget delays new tasks, and never stops all tasks.
@Suite struct RetentionTests {
    private static let segment = 128 << 10

    private static func buffer(_ budget: Int) -> TaskBufferConfiguration {
        var buffer = TaskBufferConfiguration()
        buffer.segmentSize = segment
        buffer.segmentRetention = .zero
        buffer.flushInterval = .milliseconds(10)
        buffer.diskBudget = budget
        buffer.whenFull = .wait(.seconds(600))
        return buffer
    }

    private static var configuration: FlowConfiguration {
        var configuration = FlowConfiguration.test
        configuration.activities = .tasks
        configuration.checkpointSize = 256 << 10
        return configuration
    }

    private static func open(
        _ directory: TemporaryDirectory, _ dags: [any FlowDAG], budget: Int, _ clock: ManualClock
    ) async throws -> (BufferedTaskStorage<MemoryTaskStore>, FlowRunner) {
        let storage = try await BufferedTaskStorage.memory(log: directory.path, configuration: buffer(budget))
        return (
            storage,
            try await FlowRunner(storage: storage, dags: dags, configuration: configuration, clock: clock)
        )
    }

    private static let quick = DAG(name: "Quick", key: "quick", of: String.self) { dag, input in
        dag.addNode("size", after: input) { _, text in text.utf8.count }
    }

    /// A text that doesn't compress.
    private static func text(_ size: Int) -> String {
        var generator = SeededGenerator(seed: UInt64(size))
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        return String((0..<size).map { _ in letters.randomElement(using: &generator) ?? "-" })
    }

    private static let sleeper = DAG(name: "Sleeper", key: "sleeper", of: Int.self) { dag, input in
        let slept = dag.addTimer("sleep", after: input, for: .seconds(30 * 86_400))
        return dag.addNode("end", after: slept) { _, value in value }
    }

    /// The bytes of the log that the live tasks need.
    private static func liveSize(_ runner: FlowRunner) -> Int {
        runner.table.all.reduce(0) { sum, task in
            let records = task.state.withLock(\.journal.records).map { FlowRecord(task.id, $0) }
            return sum + Checkpoint.size(of: records, in: runner.storage)
        }
    }

    @Test func manySleepersCostTheirSizeAndNoMore() async throws {
        let (directory, clock) = (TemporaryDirectory(), ManualClock())
        let (storage, runner) = try await Self.open(directory, [Self.sleeper, Self.quick], budget: 24 << 20, clock)
        let count = ProcessInfo.processInfo.environment["WAL_LONG"] == nil ? 2_000 : 10_000
        for number in 0..<count { _ = try await runner.process(number, by: Self.sleeper, id: "sleeper-\(number)") }
        try await eventually { runner.statistics.timers == count }
        let live = Self.liveSize(runner)
        let bound = live * 5 + 2 * Self.segment
        let log = storage.writeAheadLog
        let text = Self.text(60_000)
        var written = 0
        while written < 2 * bound {
            let before = log.lastSequence
            for number in 0..<10 {
                try await storage.log(
                    TaskActivityLog(
                        id: "\(written)-\(number)", taskID: "t", dagID: "d", nodeID: "n", action: "noted",
                        message: text))
            }
            _ = try await runner.process("short", by: Self.quick).result()
            written += Int(log.byteCount(after: before))
            try await storage.drain()
            try await eventually {
                await log.applyRetention()
                return log.statistics.diskBytes <= bound
            }
        }
        #expect(log.statistics.segmentCount > 1 && Self.liveSize(runner) == live)
        #expect(runner.statistics.timers == count)
        await runner.close()
        try await storage.close()
    }

    /// The frames of small tasks take more than their records. Without them, each checkpoint is due again at once, and new tasks wait forever.
    @Test(.timeLimit(.minutes(10))) func sleepersThatTakeAllTheRoomKeepNewOnesOut() async throws {
        let (directory, clock) = (TemporaryDirectory(), ManualClock())
        let (storage, runner) = try await Self.open(directory, [Self.sleeper], budget: 2 << 20, clock)
        var count = 0
        await #expect {
            for number in 0..<10_000 {
                _ = try await runner.process(number, by: Self.sleeper, id: "sleeper-\(number)")
                count += 1
            }
        } throws: {
            ($0 as? FlowError)?.code == .logFull
        }
        #expect((2_000..<4_000).contains(count))
        // From here on, only the test writes checkpoints.
        await runner.checkpoint.stop()
        let log = storage.writeAheadLog
        try await log.roll()
        let before = log.lastSequence
        try await runner.checkpoint.write(runner)
        let (live, used) = (Self.liveSize(runner), Int(log.byteCount(after: before)))
        #expect((live...live + live / 20 + 4096).contains(used), "\(used) bytes instead of \(live)")
        let last = log.lastSequence
        try await runner.checkpoint.writeIfDue(runner)
        #expect(log.lastSequence == last)
        await runner.close()
        try await storage.close()
    }

    /// Tasks that begin faster than checkpoints are made don't use up the space of the first checkpoint.
    @Test func aBurstOfTasksFillsNoLogForGood() async throws {
        let (directory, clock) = (TemporaryDirectory(), ManualClock())
        let (storage, runner) = try await Self.open(directory, [Self.quick], budget: 2 << 20, clock)
        let text = Self.text(12_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<15 {
                        let size = try await runner.process(text, by: Self.quick, id: "\(worker)-\(number)").result()
                        #expect(size == text.utf8.count)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await eventually { runner.liveTasks.isEmpty }
        await runner.close()
        try await storage.close()
    }

    #if SQLite
        /// Waiting tasks that use all the space keep new tasks out, and can still end.
        @Test func liveTasksThatTakeAllTheRoomCanStillEnd() async throws {
            let directory = TemporaryDirectory()
            defer {
                for end in ["", "-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: directory.path + ".db" + end)
                }
            }
            let waiting = DAG(name: "Waiting", key: "waiting", of: String.self) { dag, input in
                let answer = dag.addWait("answer", after: input, for: Int.self)
                return dag.addNode("sum", after: input, answer) { _, text, answer in text.utf8.count + answer }
            }
            func open() async throws -> (BufferedTaskStorage<SQLiteTaskStore>, FlowRunner) {
                let storage = try await BufferedTaskStorage.sqlite(
                    directory.path + ".db", log: directory.path, configuration: Self.buffer(2 << 20))
                return (
                    storage,
                    try await FlowRunner(storage: storage, dags: [waiting], configuration: Self.configuration)
                )
            }
            var (storage, runner) = try await open()
            let text = Self.text(12_000)
            var ids: [String] = []
            await #expect {
                for number in 0..<1000 {
                    _ = try await runner.process(text, by: waiting, id: "\(number)")
                    ids.append("\(number)")
                }
            } throws: {
                ($0 as? FlowError)?.code == .logFull
            }
            #expect(ids.count > 10)
            // A restart has the same log.
            await runner.close()
            try await storage.close()
            (storage, runner) = try await open()
            #expect(Set(runner.liveTasks) == Set(ids))
            for id in ids {
                let task = try #require(runner.task(id: id, of: waiting))
                try await runner.submit(1, to: "answer", of: id)
                #expect(try await task.result() == text.utf8.count + 1)
            }
            try await eventually { (try? await runner.process(text, by: waiting, id: "new")) != nil }
            await runner.close()
            try await storage.close()
        }
    #endif
}
