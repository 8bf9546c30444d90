import TestSupport
import Testing
import WAL
import WALTasks

@testable import WALFlow

/// The sample of the replaced system: rows are validated one by one, valid and invalid rows go to separate sub-DAGs, and their
/// results are merged.
@Suite struct ClassicTests {
    struct Row: Codable, Hashable, Sendable { var name: String; var age: Int; var note: String? }

    static func sample(_ events: Events, _ ends: Events) throws -> DAG<JSON, JSON> {
        func sub(_ key: String) throws -> DAG<JSON, JSON> {
            let dag = DAG(name: key, key: key)
            try dag.addNode(.function, "Mark", "mark") { task in
                var row = try task.decode(Row.self)
                events.add("\(key) \(row.name)")
                row.note = key
                return try NodeResult(encoding: row)
            }
            return dag
        }
        let dag = DAG(name: "Sample", key: "sample") { taskID, result in
            ends.add("\(taskID) \(result.status)")
        }
        try dag.addNode(.function, "Get data", "GetData") { task in
            task.logActivity("processing", "reading")
            return NodeResult(task.payload)
        }
        try dag.addNode(.function, "Loop", "Loop") { task in NodeResult(task.payload) }
        try dag.addNode(.function, "Validate", "Validate") { task in
            let row = try task.decode(Row.self)
            return NodeResult(task.payload, status: row.age >= 18 ? "valid" : "invalid")
        }
        try dag.addDAGNode("Valid", "One", try sub("one"))
        try dag.addDAGNode("Invalid", "Two", try sub("two"))
        try dag.addNode(.function, "Aggregate", "Aggregate") { task in NodeResult(task.payload) }
        try dag.addNode(.function, "Final", "Final") { task in
            let rows = try task.decode([Row].self)
            return try NodeResult(encoding: rows.map { "\($0.name) \($0.note ?? "")" })
        }
        try dag.addEdge(.simple, "", from: "GetData", to: "Loop")
        try dag.addEdge(.iterator, "each row", from: "Loop", to: "Validate")
        try dag.addCondition("Validate", ["valid": "One", "invalid": "Two"])
        try dag.addEdge(.simple, "", from: "One", to: "Aggregate")
        try dag.addEdge(.simple, "", from: "Two", to: "Aggregate")
        try dag.addEdge(.simple, "", from: "Loop", to: "Final")
        return dag
    }

    @Test(arguments: [
        ([("a", 20), ("b", 30)], #"["a one","b one"]"#), ([("a", 2), ("b", 3)], #"["a two","b two"]"#),
        ([("a", 20), ("b", 3), ("c", 40)], #"["a one","b two","c one"]"#), ([], "[]"), ([("a", 50)], #"["a one"]"#),
    ])
    func theSampleRunsWithRowsOfAllKinds(_ rows: [(String, Int)], _ expected: String) async throws {
        let (directory, events, ends) = (TemporaryDirectory(), Events(), Events())
        let dag = try Self.sample(events, ends)
        let storage = try await openStorage(directory)
        try await dag.setTaskStorage(storage)
        let payload = try JSON(encoding: rows.map { Row(name: $0.0, age: $0.1) })
        let task = try await dag.process(payload, id: "s")
        #expect(try await task.result().text == expected)
        try await eventually { ends.all == ["s completed"] }
        #expect(events.all.count == rows.count)
        #expect(try await dag.taskStorage?.task(id: "s")?.status == .completed)
        await dag.close()
        try await storage.close()
    }

    /// The node's status chooses; what follows gets the array of the iterator's results.
    @Test(arguments: [("all", #"["A","B"]"#), ("none", "null")])
    func aNodeWithAnIteratorCanHaveACondition(_ status: String, _ expected: String) async throws {
        let directory = TemporaryDirectory()
        let dag = DAG(name: "D", key: "d")
        try dag.addNode("Split", "split") { NodeResult($0.payload, status: status) }
        try dag.addNode("Upper", "upper") { NodeResult(JSON($0.payload.text.uppercased())) }
        try dag.addNode("Take", "take") { NodeResult($0.payload) }
        try dag.addNode("Drop", "drop") { _ in NodeResult(JSON("null")) }
        try dag.addEdge(.iterator, from: "split", to: "upper")
        try dag.addCondition("split", ["all": "take", "none": "drop"])
        let storage = try await openStorage(directory)
        try await dag.setTaskStorage(storage)
        #expect(try await dag.process(JSON(#"["a","b"]"#)).result().text == expected)
        await dag.close()
        try await storage.close()
    }

    /// Both have JSON as their input and output, but pass it on in different types.
    @Test(arguments: [false, true])
    func aDAGOfNamesAndOneOfHandlesContainEachOther(_ verifiesCoding: Bool) async throws {
        let directory = TemporaryDirectory()
        func names(_ key: String, _ inner: DAG<JSON, JSON>? = nil) throws -> DAG<JSON, JSON> {
            let dag = DAG(name: key, key: key)
            try dag.addNode("Split", "split") { NodeResult($0.payload) }
            try dag.addNode("Mark", "mark") { NodeResult(JSON("{\"\(key)\":\($0.payload.text)}")) }
            try dag.addNode("Last", "last") { NodeResult($0.payload) }
            try dag.addEdge(.iterator, from: "split", to: "mark")
            guard let inner else {
                try dag.addEdge(from: "split", to: "last")
                return dag
            }
            try dag.addDAGNode("Inner", "inner", inner)
            try dag.addEdge(from: "split", to: "inner")
            try dag.addEdge(from: "inner", to: "last")
            return dag
        }
        func handles(_ key: String, _ inner: DAG<JSON, JSON>? = nil) -> DAG<JSON, JSON> {
            DAG(name: key, key: key, of: JSON.self) { dag, input in
                let first = dag.addNode("first", after: input) { _, json in json }
                let each = dag.addIterator("each", over: first, { $0.elements ?? [] }) { body, json in
                    body.addNode("mark", after: json) { _, json in JSON("{\"\(key)\":\(json.text)}") }
                }
                let all = dag.addNode("all", after: each) { _, elements in JSON.array(elements) }
                return inner.map { dag.addDAG("inner", $0, after: all) } ?? all
            }
        }
        let dags = [try handles("a", names("b")), try names("c", handles("d"))]
        let storage = try await openStorage(directory)
        let runner = try await FlowRunner(
            storage: storage, dags: dags, configuration: FlowConfiguration(verifiesCoding: verifiesCoding))
        let results = [#"[{"b":{"a":1}},{"b":{"a":2}}]"#, #"[{"d":{"c":1}},{"d":{"c":2}}]"#]
        for (dag, result) in zip(dags, results) {
            #expect(try await runner.process(JSON("[1,2]"), by: dag).result().text == result)
        }
        await runner.close()
        try await storage.close()
    }

    @Test func anEdgeThatIsAddedTwiceIsOne() throws {
        func shape(_ count: Int) throws -> GraphShape {
            let dag = DAG(name: "D", key: "d")
            for id in ["a", "b"] { try dag.addNode(id, id) { NodeResult($0.payload) } }
            for _ in 0..<count { try dag.addEdge(from: "a", to: "b") }
            return try dag.frozen().shape
        }
        #expect(try shape(2) == shape(1))
    }

    /// A condition that could never choose would let its targets run always, or never.
    @Test func aConditionThatCantChooseIsRefused() throws {
        let inner = DAG(name: "Inner", key: "inner")
        try inner.addNode("Only", "only") { NodeResult($0.payload) }
        let onDAG = DAG(name: "D", key: "d")
        try onDAG.addDAGNode("Sub", "sub", inner)
        try onDAG.addNode("Next", "next") { NodeResult($0.payload) }
        try onDAG.addCondition("sub", ["yes": "next"])
        #expect(throws: FlowError.self) { try onDAG.frozen() }

        let intoBody = DAG(name: "D", key: "d")
        for id in ["start", "choose", "each"] { try intoBody.addNode(id, id) { NodeResult($0.payload) } }
        try intoBody.addEdge(from: "start", to: "choose")
        try intoBody.addEdge(.iterator, from: "start", to: "each")
        try intoBody.addCondition("choose", ["yes": "each"])
        let error = #expect(throws: FlowError.self) { try intoBody.frozen() }
        #expect(error?.code == .unreachableNode)
    }

    /// A graph has nodes that it doesn't declare: its input, and the joins of its nodes and ends.
    @Test func aDAGOfNamesMayUseTheIDsOfItsHiddenNodes() throws {
        func dag(_ ids: String..., to targets: [String: [String]]) throws -> DAG<JSON, JSON> {
            let dag = DAG(name: "D", key: "d")
            for id in ids { try dag.addNode(id, id) { NodeResult($0.payload) } }
            for (source, targets) in targets { for target in targets { try dag.addEdge(from: source, to: target) } }
            return dag
        }
        // The ids of other graphs stay, and so do their hashes.
        #expect(
            try dag("a", "b", "c", to: ["a": ["b", "c"]]).frozen().shape.nodes.map(\.id) == [
                "input", "a", "b", "c", "output",
            ])
        let ends = try dag("input", "output", "other", to: ["input": ["output", "other"]])
        let joins = try dag("join", "x", "y", to: ["y": ["x"]])
        try joins.addCondition("join", ["x": "x", "y": "y"])
        for dag in [ends, joins] {
            let shape = try dag.frozen().shape
            #expect(Set(shape.nodes.map(\.id)).count == shape.nodes.count)
            // The log of an earlier build may have such a graph with each id twice.
            var twice = shape
            twice.nodes += shape.nodes
            for form in GraphPicture.allCases {
                #expect(try dag.picture(as: form).contains(shape.nodes[1].id))
                #expect(twice.picture(of: TaskView(nil), as: form).contains(shape.nodes[1].id))
            }
        }
        let more = try dag("input", "output", "other", "late", to: ["input": ["output", "other"], "other": ["late"]])
        var journal = TaskJournal(id: "t")
        journal.apply(.result(path: "input", attempt: 1, time: .now, label: nil, bytes: [0x31]))
        #expect(GraphChange(from: try ends.frozen().shape, to: try more.frozen().shape).conflict(with: journal) == nil)

        let items = try dag("x", "each", "x.items", to: ["x": ["x.items"]])
        try items.addEdge(.iterator, from: "x", to: "each")
        let error = #expect(throws: FlowError.self) { try items.frozen() }
        #expect(error?.code == .duplicateNode)
    }

    @Test func aTaskManagerFindsALiveTask() async throws {
        let (directory, gate) = (TemporaryDirectory(), Gate())
        let dag = DAG(name: "One", key: "one")
        try dag.addNode(.function, "Wait", "wait") { task in
            await gate.wait()
            return NodeResult(task.payload)
        }
        let storage = try await openStorage(directory)
        await #expect(throws: FlowError.self) { try await dag.process("1") }
        try await dag.setTaskStorage(storage)
        _ = try await dag.process(#"{"a": [1, "]", {"b": "x\"y"}]}"#, id: "t")
        #expect(try await dag.recoverTasks() == ["t"])
        let manager = try TaskManager(dag: dag, taskID: "t")
        try await manager.logActivity("note", "by hand")
        gate.open()
        #expect(try await manager.result().text == #"{"a": [1, "]", {"b": "x\"y"}]}"#)
        #expect(throws: FlowError.self) { try TaskManager(dag: dag, taskID: "nobody") }
        #expect(try await storage.activities(taskID: "t", limit: 10, offset: 0).contains { $0.action == "note" })
        await dag.close()
        try await storage.close()
    }

    /// A program without the DAG doesn't know its callback.
    @Test func theCallbackGetsTheEndOfATaskThatWasCanceledWithoutItsDAG() async throws {
        let (directory, ends) = (TemporaryDirectory(), Events())
        func dag() throws -> DAG<JSON, JSON> {
            let dag = DAG(name: "Late", key: "late") { taskID, result in ends.add("\(taskID) \(result.status)") }
            try dag.addNode(.function, "Hang", "hang") { _ in throw TestError("never") }
            return dag
        }
        let storage = try await openStorage(directory)
        let first = try dag()
        try await first.setTaskStorage(storage)
        try await first.process("1", id: "t", maxRetries: 1_000_000)
        await first.close()
        let runner = try await FlowRunner(storage: storage, dags: [], configuration: .test)
        try await runner.cancel("t")
        #expect(runner.liveTasks == ["t"] && ends.all.isEmpty)
        try await runner.add(dag())
        try await eventually { runner.liveTasks.isEmpty }
        #expect(ends.all == ["t cancelled"])
        await runner.close()
        try await storage.close()
    }

    /// Two DAGs get a storage at the same time, and both have looked for its runner before one of them has made it.
    @Test func aDAGJoinsTheRunnerThatAnotherOneHasMadeMeanwhile() async throws {
        func dag(_ key: String) throws -> DAG<JSON, JSON> {
            let dag = DAG(name: key, key: key)
            try dag.addNode("Copy", "copy") { NodeResult($0.payload) }
            return dag
        }
        let directory = TemporaryDirectory()
        let storage = try await openStorage(directory)
        let (first, second) = (try dag("first"), try dag("second"))
        try await first.setTaskStorage(storage)
        let runner = try await second.join(storage, nil)
        #expect(try runner === first.runner())
        #expect(try await runner.process("7", by: second).result() == "7")
        await runner.close()
        try await storage.close()
    }

    @Test func anArrayIsSplitAsItsTextHasIt() {
        #expect(
            JSON(#" [1, "a,]", {"x": [2, 3]}, [], null ] "#).elements?.map(\.text).map { $0.trimmingSpaces } == [
                "1", #""a,]""#, #"{"x": [2, 3]}"#, "[]", "null",
            ])
        #expect(JSON("[]").elements == [])
        #expect(JSON("{}").elements == nil)
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
