import Testing

@testable import WALFlow

/// Each mistake in a declaration has an error that names it.
@Suite struct ValidationTests {
    private func code(_ dag: any FlowDAG) -> FlowError.Code? {
        do throws(FlowError) {
            try dag.validate()
            return nil
        } catch {
            return error.code
        }
    }

    private func typed(_ build: @escaping (Graph, Node<Int>) -> Node<Int>) -> DAG<Int, Int> {
        DAG(name: "n", key: "k", of: Int.self, build)
    }

    @Test func mistakesOfAGraphOfHandles() {
        #expect(code(typed { graph, input in graph.addNode("a", after: input) { _, value in value } }) == nil)
        #expect(
            code(
                typed { graph, input in
                    let a = graph.addNode("a", after: input) { _, value in value }
                    return graph.addNode("a", after: a) { _, value in value }
                }) == .duplicateNode)
        for id in ["", "a/b", "a[1]", "a#b", "a=b", "a/\u{301}b", "\u{301}a", String(repeating: "x", count: 65)] {
            #expect(code(typed { graph, input in graph.addNode(id, after: input) { _, value in value } }) == .invalidID)
        }
        #expect(
            code(
                typed { graph, input in
                    _ = graph.addBranch("way", after: input) { _, _ in "yes" }
                    return input
                }) == .unknownLabel)
        #expect(
            code(
                typed { graph, input in
                    let each = graph.addIterator("each", over: input, { [$0] }) { _, _ in input }
                    return graph.addNode("a", after: each) { _, values in values.count }
                }) == .foreignNode)
        #expect(
            code(
                typed { graph, input in
                    graph.addNode("a", after: input, options: NodeOptions(timeout: .zero)) { _, value in value }
                }) == .invalidOption)
        #expect(
            code(
                typed { graph, input in
                    let options = NodeOptions(retry: .constant(max: 1, every: .seconds(1)), execution: .atMostOnce)
                    return graph.addNode("a", after: input, options: options) { _, value in value }
                }) == .invalidOption)
        #expect(code(DAG<Int, Int>(name: "n", key: "a/b", of: Int.self) { _, input in input }) == .invalidID)
    }

    /// Its task would never end.
    @Test func aNodeFollowsAnother() {
        let step = typed { graph, _ in graph.addNode("a") { _ in 1 } }
        #expect(code(step) == .unreachableNode)
        #expect(code(typed { graph, _ in graph.merge() }) == .unreachableNode)
        let inner = typed { graph, input in
            let each = graph.addIterator("each", over: input, { [$0] }) { body, _ in body.addNode("a") { _ in 1 } }
            return graph.addNode("b", after: each) { _, values in values.count }
        }
        #expect(code(inner) == .unreachableNode)
    }

    /// A program may have many DAGs.
    @Test func aMistakeNamesItsDAG() throws {
        func message(_ dag: any FlowDAG) -> String? {
            do throws(FlowError) {
                try dag.validate()
                return nil
            } catch {
                return error.message
            }
        }
        let twice = typed { graph, input in
            let a = graph.addNode("a", after: input) { _, value in value }
            return graph.addNode("a", after: a) { _, value in value }
        }
        #expect(message(twice)?.hasPrefix("The DAG k: Two nodes have the id a.") == true)
        let cycle = DAG(name: "n", key: "circle")
        // The kind of a node may be left out.
        for id in ["a", "b", "c"] { try cycle.addNode(id, id) { task in NodeResult(task.payload) } }
        for (source, target) in [("a", "b"), ("b", "c"), ("c", "b")] { try cycle.addEdge(from: source, to: target) }
        #expect(message(cycle)?.hasPrefix("The DAG circle: The edges form a cycle among b, c.") == true)
        let nameless = DAG<Int, Int>(name: "n", key: "", of: Int.self) { _, input in input }
        #expect(message(nameless) == "A DAG's key has 0 bytes. Use 1 to 64.")
    }

    @Test func mistakesOfADAGOfNames() throws {
        func dag(_ build: (DAG<JSON, JSON>) throws -> Void) throws -> DAG<JSON, JSON> {
            let dag = DAG(name: "n", key: "k")
            for id in ["a", "b"] { try dag.addNode(.function, id, id) { task in NodeResult(task.payload) } }
            try build(dag)
            return dag
        }
        #expect(try code(dag { try $0.addEdge(from: "a", to: "b") }) == nil)
        #expect(try code(dag { try $0.addEdge(from: "a", to: "c") }) == .unknownNode)
        #expect(try code(dag { try $0.addCondition("a", ["yes": "c"]) }) == .unknownNode)
        #expect(try code(dag { _ in }) == .unreachableNode)
        #expect(
            try code(
                dag {
                    try $0.addEdge(from: "a", to: "b")
                    try $0.addEdge(from: "b", to: "a")
                }) == .cycle)
        #expect(
            try code(
                dag {
                    try $0.addEdge(from: "a", to: "b")
                    try $0.addNode(.function, "a", "a") { task in NodeResult(task.payload) }
                }) == .duplicateNode)
        // No step of it would ever have a place.
        let options = NodeOptions(concurrency: 0)
        #expect(
            try code(
                dag {
                    try $0.addEdge(from: "a", to: "b")
                    try $0.addNode(.function, "c", "c", options: options) { task in NodeResult(task.payload) }
                    try $0.addEdge(from: "b", to: "c")
                }) == .invalidOption)
        #expect(code(DAG(name: "n", key: "k")) == .unknownNode)
        let frozen = try dag { try $0.addEdge(from: "a", to: "b") }
        try frozen.validate()
        #expect(throws: FlowError.self) { try frozen.addEdge(from: "b", to: "a") }
    }
}
