import TestSupport
import Testing
import WAL
import WALTasks

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
}
