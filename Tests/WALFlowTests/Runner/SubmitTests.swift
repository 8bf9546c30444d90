import TestSupport
import Testing
import WAL
import WALTasks

@testable import WALFlow

/// A value that no node can take is refused when it is sent, not when the task fails by it.
@Suite struct SubmitTests {
    private static let dag = DAG(name: "Orders", key: "orders", of: [Int].self) { dag, input in
        let charge = dag.addNode("charge", after: input) { _, values in values }
        let answer = dag.addWait("approved", after: charge, for: Bool.self)
        let each = dag.addIterator("lines", over: charge, { $0 }) { body, line in
            body.addWait("weight", after: line, for: Double.self)
        }
        return dag.addNode("sum", after: answer, each) { _, isApproved, weights in
            isApproved ? weights.reduce(0, +) : 0
        }
    }

    @Test func aValueThatNoNodeTakesIsRefused() async throws {
        let directory = TemporaryDirectory()
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [Self.dag], configuration: .test)
        let task = try await runner.process([1, 2], by: Self.dag, id: "t")
        func refuses(_ node: String, _ value: some Codable & Sendable, _ code: FlowError.Code, _ part: String) async {
            await #expect { try await runner.submit(value, to: node, of: "t") } throws: { error in
                guard let error = error as? FlowError else { return false }
                return error.code == code && error.message.contains(part)
            }
        }
        let waits = " These wait for one: approved, lines[N]/weight."
        await refuses("aproved", true, .unknownNode, "The DAG orders has no node aproved." + waits)
        await refuses("charge", true, .unknownNode, "The node charge of the DAG orders takes no value." + waits)
        for path in [
            "lines/weight", "lines[x]/weight", "lines[01]/weight", "lines[+1]/weight", "lines[0]weight", "lines[0]",
            "approved/weight",
        ] {
            await refuses(path, 1.5, .unknownNode, waits)
        }
        await refuses("approved", "yes", .undecodable, "approved of the DAG orders waits for a value of another type")
        await refuses("lines[1]/weight", "heavy", .undecodable, "another type than String")
        let shape = try Self.dag.frozen().shape
        for path in ["lines[01]", "lines[+1]/weight"] { #expect(shape.paths(dependingOn: path) == nil) }
        #expect(shape.paths(dependingOn: "lines[1]/weight") == ["lines[1]/weight", "sum"])
        try await runner.submit(1.5, to: "lines[0]/weight", of: "t")
        try await runner.submit(2, to: "lines[1]/weight", of: "t")
        try await runner.submit(true, to: "approved", of: "t")
        #expect(try await task.result() == 3.5)
        await runner.close()
        try await storage.close()
    }

    /// A program without the DAG, and the tool, can't check the type of a value.
    @Test func aValueOfAnotherTypeIsReplacedAfterTheFailure() async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "Late", key: "late", of: Int.self) { dag, input in
            let answer = dag.addWait("answer", after: input, for: Int.self)
            return dag.addNode("double", after: answer) { _, value in value * 2 }
        }
        var storage = try await openStorage(directory)
        var runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        _ = try await runner.process(1, by: dag, id: "t")
        await runner.close()
        runner = try await FlowRunner(storage: storage, dags: [], configuration: .test)
        await #expect { try await runner.submit(1, to: "anwser", of: "t") } throws: {
            ($0 as? FlowError)?.code == .unknownNode
        }
        try await runner.submit("yes", to: "answer", of: "t")
        await runner.close()
        try await storage.close()
        storage = try await openStorage(directory)
        runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try #require(runner.task(id: "t", of: dag))
        await #expect { try await task.result() } throws: {
            let message = ($0 as? FlowError)?.failure?.message ?? ""
            return message.contains("isn't of the type that it waits for. Retry from answer, and submit another value.")
        }
        try await runner.retry("t", from: "answer")
        try await runner.submit(21, to: "answer", of: "t")
        #expect(try await task.result() == 42)
        await runner.close()
        try await storage.close()
    }

    @Test func afterAFailureTheRemedyIsARetry() async throws {
        let dag = DAG(name: "Bad", key: "bad", of: Int.self) { dag, input in
            let answer = dag.addWait("answer", after: input, for: Int.self)
            let bad = dag.addNode("bad", after: input) { _, _ -> Int in throw PermanentError("It is bad.") }
            return dag.addNode("sum", after: answer, bad) { _, a, b in a + b }
        }
        let directory = TemporaryDirectory()
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(storage: storage, dags: [dag], configuration: .test)
        let task = try await runner.process(1, by: dag, id: "t")
        await #expect { try await task.result() } throws: {
            ($0 as? FlowError)?.message == "The task t failed at bad: It is bad."
        }
        let message = "The task t has failed at bad. Retry it first."
        await #expect { try await runner.submit(1, to: "answer", of: "t") } throws: {
            ($0 as? FlowError)?.message == message
        }
        await #expect { try await runner.pause("t") } throws: { ($0 as? FlowError)?.message == message }
        await #expect { try await runner.cancel("t") } throws: { ($0 as? FlowError)?.message == message }
        await runner.close()
        try await storage.close()
    }
}
