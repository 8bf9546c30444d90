import WALTesting

@testable import WALFlow

/// Random graphs with nodes of all kinds. The same seed gives the same graph.
///
/// A second version of a graph lacks some nodes, has additional ones, and has some in other places. The other nodes keep their
/// ids.
struct RandomGraph {
    private enum Change {
        case none, dropped, inserted, moved
    }

    private var changes: SeededGenerator
    private let isChanged: Bool

    static func dag(seed: UInt64, size: Int = 12, changedBy change: UInt64? = nil) -> DAG<Int, Int> {
        var random = RandomGraph(changes: SeededGenerator(seed: change ?? 0), isChanged: change != nil)
        return DAG(name: "random", key: "random", of: Int.self) { graph, input in
            random.fill(graph, input, size: size, depth: 0, seed: seed)
        }
    }

    private mutating func change() -> Change {
        guard isChanged else { return .none }
        switch Int.random(in: 0..<30, using: &changes) {
        case 0: return .dropped
        case 1: return .inserted
        case 2: return .moved
        default: return .none
        }
    }

    private mutating func fill(_ graph: Graph, _ input: Node<Int>, size: Int, depth: Int, seed: UInt64) -> Node<Int> {
        var generator = SeededGenerator(seed: seed)
        // By number, so that removing a node changes the parents of its children only.
        var handles: [Node<Int>?] = [input]
        func pick(_ generator: inout SeededGenerator) -> Node<Int> {
            let end = Int.random(in: 0..<handles.count, using: &generator)
            return handles[...end].last { $0 != nil }.flatMap { $0 } ?? input
        }
        for number in 1...Int.random(in: 1...size, using: &generator) {
            var own = SeededGenerator(seed: generator.next())
            let change = change()
            var parent = pick(&own)
            let other = pick(&own)
            switch change {
            case .none: break
            case .dropped:
                handles.append(nil)
                continue
            case .inserted: parent = graph.addNode("new\(number)", after: parent) { _, value in value &+ 1 }
            case .moved: parent = pick(&changes)
            }
            handles.append(add(graph, number, parent, other, depth: depth, &own))
        }
        let last = handles.last { $0 != nil }.flatMap { $0 } ?? input
        // The output would lose nodes without a successor, so the last node joins some of them.
        return graph.addNode("out", after: last, pick(&generator)) { _, a, b in a &* 13 &+ b }
    }

    private mutating func add(
        _ graph: Graph, _ number: Int, _ parent: Node<Int>, _ other: Node<Int>, depth: Int,
        _ own: inout SeededGenerator
    ) -> Node<Int> {
        switch Int.random(in: 0..<(depth < 2 ? 12 : 8), using: &own) {
        case 0...3: return graph.addNode("step\(number)", after: parent) { _, value in value &* 31 &+ 7 }
        case 4: return graph.addNode("join\(number)", after: parent, other) { _, a, b in a &* 17 ^ b }
        case 5:
            let way = graph.addBranch("branch\(number)", after: parent) { _, value in value % 2 == 0 ? "even" : "odd" }
            let even = graph.addNode("even\(number)", after: way["even"]) { _, value in value / 2 }
            let odd = graph.addNode("odd\(number)", after: way["odd"]) { _, value in value &* 3 &+ 1 }
            return graph.merge(even, odd)
        case 6: return graph.addTimer("timer\(number)", after: parent, for: .seconds(60))
        case 7:
            let wait = graph.addWait("wait\(number)", after: parent, for: Int.self)
            return graph.addNode("after\(number)", after: parent, wait) { _, a, b in a &+ b }
        case 8, 9:
            let many = Int.random(in: 0...4, using: &own)
            let window = Int.random(in: 1...3, using: &own)
            let seed = own.next()
            let each = graph.addIterator(
                "each\(number)", over: parent, { value in (0..<many).map { value &+ $0 } }, concurrency: window
            ) { body, element in
                fill(body, element, size: 3, depth: depth + 1, seed: seed)
            }
            return graph.addNode("sum\(number)", after: each) { _, values in
                values.enumerated().reduce(0) { $0 &* 7 &+ $1.element &* ($1.offset + 1) }
            }
        case 10:
            let seed = own.next()
            let inner = DAG<Int, Int>(name: "inner", key: "inner", of: Int.self) { body, element in
                fill(body, element, size: 3, depth: depth + 1, seed: seed)
            }
            return graph.addDAG("dag\(number)", inner, after: parent)
        default:
            let optional = graph.addOptionalNode("maybe\(number)", after: parent) { _, value in value }
            return graph.addNode("given\(number)", after: optional) { _, value in value ?? -1 }
        }
    }
}
