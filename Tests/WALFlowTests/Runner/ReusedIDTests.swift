import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// A task with the id of an earlier one, whose row was removed. The earlier one's activities stay.
@Suite struct ReusedIDTests {
    private let directory = TemporaryDirectory()
    private let clock = ManualClock()
    private let dag = DAG(name: "Double", key: "double", of: Int.self) { dag, input in
        dag.addNode("double", after: input) { step, value in
            step.logActivity("doubled", "\(value)")
            return value * 2
        }
    }

    /// Runs a task for each value under one id, and returns the outputs that the store has of them while it has the row.
    private func run(
        _ values: [Int], _ storage: BufferedTaskStorage<MemoryTaskStore>, _ runner: FlowRunner
    ) async throws -> [Int] {
        var outputs: [Int] = []
        for value in values {
            #expect(try await runner.process(value, by: dag, id: "t").result() == value * 2)
            try await eventually { runner.liveTasks.isEmpty }
            outputs.append(try await runner.process(value, by: dag, id: "t").result())
            try await storage.deleteTask(id: "t")
            clock.advance(by: .seconds(60))
        }
        return outputs
    }

    @Test func theOutputIsThatOfTheLastTaskWithTheID() async throws {
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        #expect(try await run([1, 5], storage, runner) == [2, 10])
        await runner.close()
        try await storage.close()
    }

    /// Stores ignore an activity whose id they have.
    @Test func theActivitiesOfAllTasksWithTheIDAreKept() async throws {
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test, clock: clock)
        _ = try await run([1, 5], storage, runner)
        let activities = try await storage.activities(taskID: "t", limit: 100, offset: 0)
        func texts(_ action: String, _ text: (TaskActivityLog) -> String?) -> [String?] {
            activities.filter { $0.action == action }.map(text)
        }
        #expect(texts("doubled", \.message) == ["1", "5"])
        #expect(texts("task_completed", \.data) == ["2", "10"])
        #expect(texts("task_created", \.nodeID).count == 2 && texts("node_completed", \.nodeID).count == 2)
        await runner.close()
        try await storage.close()
    }
}
