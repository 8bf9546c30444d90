import WALTesting

@testable import WALFlow

/// Random graphs of all kinds of nodes, for the same seed the same.
struct RandomGraph {
    private var generator: SeededGenerator
    private var lastID = 0

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    static func dag(seed: UInt64, size: Int = 12) -> DAG<Int, Int> {
        var random = RandomGraph(seed: seed)
        return DAG(name: "random", key: "random", of: Int.self) { graph, input in
            random.fill(graph, input, size: size, depth: 0)
        }
    }

    private mutating func id(_ kind: String) -> String {
        lastID += 1
        return "\(kind)\(lastID)"
    }

    private mutating func fill(_ graph: Graph, _ input: Node<Int>, size: Int, depth: Int) -> Node<Int> {
        var handles = [input]
        func pick(_ generator: inout SeededGenerator) -> Node<Int> { handles.randomElement(using: &generator) ?? input }
        for _ in 0..<Int.random(in: 1...size, using: &generator) {
            let parent = pick(&generator)
            switch Int.random(in: 0..<(depth < 2 ? 12 : 8), using: &generator) {
            case 0...3:
                handles.append(graph.addNode(id("step"), after: parent) { _, value in value &* 31 &+ 7 })
            case 4:
                let other = pick(&generator)
                handles.append(graph.addNode(id("join"), after: parent, other) { _, a, b in a &* 17 ^ b })
            case 5:
                let way = graph.addBranch(id("branch"), after: parent) { _, value in value % 2 == 0 ? "even" : "odd" }
                let even = graph.addNode(id("even"), after: way["even"]) { _, value in value / 2 }
                let odd = graph.addNode(id("odd"), after: way["odd"]) { _, value in value &* 3 &+ 1 }
                handles.append(graph.merge(even, odd))
            case 6:
                handles.append(graph.addTimer(id("timer"), after: parent, for: .seconds(60)))
            case 7:
                let wait = graph.addWait(id("wait"), after: parent, for: Int.self)
                handles.append(graph.addNode(id("after"), after: parent, wait) { _, a, b in a &+ b })
            case 8, 9:
                let many = Int.random(in: 0...4, using: &generator)
                let window = Int.random(in: 1...3, using: &generator)
                let each = graph.addIterator(
                    id("each"), over: parent, { value in (0..<many).map { value &+ $0 } }, concurrency: window
                ) { body, element in
                    fill(body, element, size: 3, depth: depth + 1)
                }
                handles.append(
                    graph.addNode(id("sum"), after: each) { _, values in
                        values.enumerated().reduce(0) { $0 &* 7 &+ $1.element &* ($1.offset + 1) }
                    })
            case 10:
                let inner = DAG<Int, Int>(name: "inner", key: "inner", of: Int.self) { body, element in
                    fill(body, element, size: 3, depth: depth + 1)
                }
                handles.append(graph.addDAG(id("dag"), inner, after: parent))
            default:
                let optional = graph.addOptionalNode(id("maybe"), after: parent) { _, value in value }
                handles.append(graph.addNode(id("given"), after: optional) { _, value in value ?? -1 })
            }
        }
        let last = handles[handles.count - 1]
        // All nodes that no other follows would be lost in the output, so the last one joins some of them.
        return graph.addNode(id("out"), after: last, pick(&generator)) { _, a, b in a &* 13 &+ b }
    }
}
