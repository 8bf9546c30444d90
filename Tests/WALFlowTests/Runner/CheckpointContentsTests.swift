import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// The records after the cursor determine every live task.
@Suite struct CheckpointContentsTests {
    @Test func whatACheckpointLeavesIsEnough() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Long", key: "long", of: Int.self) { dag, input in
            let each = dag.addIterator("each", over: input, { Array(0..<$0) }) { body, value in
                body.addNode("e", after: value) { _, value in value * 2 }
            }
            let wait = dag.addWait("answer", after: each, for: Int.self)
            return dag.addNode("sum", after: each, wait) { _, values, answer in values.reduce(answer, +) }
        }
        let storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        for number in 0..<50 { _ = try await runner.process(number, by: dag, id: "t\(number)") }
        try await eventually {
            runner.liveTasks.allSatisfy { runner.task(id: $0, of: dag)?.state.reason == "waiting for answer" }
        }
        try await runner.pause("t7")
        try await runner.checkpoint.write(runner)
        let log = storage.writeAheadLog
        var table = JournalTable()
        try table.read(log.reader(from: log.cursors[JournalTable.cursor]?.next), through: log.lastSequence)
        #expect(table.tasks.count == 50 && table.orphans.isEmpty)
        #expect(table.graphs[try dag.frozen().hash] == (try dag.frozen().shape))
        for number in 0..<50 {
            let task = try #require(table.tasks["t\(number)"])
            #expect(task.steps.count { $0.value.result != nil } == number)
            #expect(task.steps["answer"]?.wait != nil && task.isPaused == (number == 7))
        }
        await runner.close()
        runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        try await runner.submit(1000, to: "answer", of: "t3")
        try await eventually { runner.liveTasks.count == 49 }
        await runner.close()
        try await storage.close()
    }

    /// A text that doesn't compress.
    private static func text(_ number: Int) -> String {
        var generator = SeededGenerator(seed: UInt64(number))
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        return String((0..<4000).map { _ in letters.randomElement(using: &generator) ?? "-" })
    }

    /// A DAG that makes this number of texts, waits for an answer, and calls `atEnd` in its last step.
    private static func large(atEnd: @escaping @Sendable () throws -> Void) -> DAG<Int, Int> {
        DAG(name: "Large", key: "large", of: Int.self) { dag, input in
            let each = dag.addIterator("each", over: input, { Array(0..<$0) }) { body, value in
                body.addNode("text", after: value) { _, value in text(value) }
            }
            let wait = dag.addWait("answer", after: each, for: Int.self)
            return dag.addNode("end", after: each, wait) { _, texts, answer in
                try atEnd()
                return texts.count + answer
            }
        }
    }

    private static func openSmall(_ directory: TemporaryDirectory) async throws -> BufferedTaskStorage<MemoryTaskStore>
    {
        var buffer = TaskBufferConfiguration()
        buffer.segmentSize = 64 << 10
        return try await .memory(log: directory.path, configuration: buffer)
    }

    /// After its end, the rest of a task's results wouldn't count, so that checkpoint doesn't move the cursor.
    @Test(.timeLimit(.minutes(10))) func aTaskThatEndsAmongItsPartsKeepsItsResults() async throws {
        let (directory, count) = (TemporaryDirectory(), 100)
        let isBroken = Monitor(true)
        let dag = Self.large { if isBroken.withLock({ $0 }) { throw PermanentError("broken") } }
        let storage = try await Self.openSmall(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(count, by: dag, id: "t")
        try await eventually { task.state.reason == "waiting for answer" }
        let checkpoint = Task { [runner] in try await runner.checkpoint.write(runner) }
        try await runner.submit(7, to: "answer", of: "t")
        await #expect(throws: FlowError.self) { try await task.result() }
        try await checkpoint.value
        await runner.close()
        isBroken.withLock { $0 = false }
        let log = storage.writeAheadLog
        var table = JournalTable()
        try table.read(log.reader(from: log.cursors[JournalTable.cursor]?.next), through: log.lastSequence)
        #expect(table.tasks["t"]?.steps.count { $0.value.result != nil } == count + 1)
        runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let rest = try #require(runner.task(id: "t", of: dag))
        try await runner.retry("t")
        #expect(try await rest.result() == count + 7)
        await runner.close()
        try await storage.close()
    }

    /// A checkpoint that starts over at each full segment never ends, and fills the disk.
    @Test(.timeLimit(.minutes(10))) func aTaskOfManySegmentsIsWrittenOnce() async throws {
        let (directory, count) = (TemporaryDirectory(), 300)
        let dag = Self.large {}
        let storage = try await Self.openSmall(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(count, by: dag, id: "t")
        try await eventually { task.state.reason == "waiting for answer" }
        let log = storage.writeAheadLog
        let before = log.lastSequence
        try await runner.checkpoint.write(runner)
        #expect((4000 * count..<8000 * count).contains(Int(log.byteCount(after: before))))
        await runner.close()
        runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let rest = try #require(runner.task(id: "t", of: dag))
        try await runner.submit(7, to: "answer", of: "t")
        #expect(try await rest.result() == count + 7)
        await runner.close()
        try await storage.close()
    }
}
