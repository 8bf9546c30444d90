internal import WALTasks

/// The declaration of a DAG of names: nodes and edges by id, in any order, until the graph is frozen.
struct ClassicGraph: Sendable {
    typealias Function = @Sendable (NodeTask) async throws -> NodeResult

    enum Work: Sendable {
        case function(Function)
        case dag(FrozenDAG)
    }

    struct Vertex: Sendable {
        var id: String
        var work: Work
        var options: NodeOptions
    }

    struct Edge: Hashable, Sendable {
        var isIterator: Bool
        var from: String
        var to: String
    }

    var onResult: FlowRunner.Callback?
    private(set) var vertices: [Vertex] = []
    private(set) var edges: [Edge] = []
    /// The labels of each condition, with the target of each label.
    private(set) var conditions: [String: [String: String]] = [:]

    mutating func add(_ vertex: Vertex) { vertices.append(vertex) }

    /// Adds an edge, unless the graph has it. With the same edge twice, its target would have two parents, and get an
    /// object that has one key twice.
    mutating func add(_ edge: Edge) {
        if !edges.contains(edge) { edges.append(edge) }
    }

    mutating func addCondition(_ id: String, _ targets: [String: String]) {
        conditions[id, default: [:]].merge(targets) { _, new in new }
    }

    /// Checks the declaration and returns its plan.
    func plan() throws(FlowError) -> Plan {
        try check()
        guard let first = vertices.first?.id else {
            throw FlowError(.unknownNode, "The DAG has no nodes. Add one.")
        }
        let order = try topological()
        let reached = reachable(from: [first], through: .all)
        if let lost = order.first(where: { !reached.contains($0) }) {
            throw FlowError(
                .unreachableNode,
                "The node \(lost) can't be reached from the first node, \(first). Add an edge to it, or leave it out.")
        }
        // These nodes run once for each element, and the plans of the iterators have them.
        let iterated = reachable(from: edges.filter(\.isIterator).map(\.to), through: .all)
        return try PlanMaker(graph: self, order: order).plan(Set(order).subtracting(iterated), entries: [first])
    }

    private func check() throws(FlowError) {
        var ids: Set<String> = []
        for vertex in vertices {
            if let mistake = StepPath.mistake(in: vertex.id) ?? vertex.options.mistake(in: vertex.id) { throw mistake }
            guard ids.insert(vertex.id).inserted else {
                throw FlowError(.duplicateNode, "Two nodes have the id \(vertex.id). Give each node its own id.")
            }
        }
        func require(_ id: String, _ place: String) throws(FlowError) {
            guard ids.contains(id) else {
                throw FlowError(
                    .unknownNode, "\(place) names the node \(id), which doesn't exist. Add it, or correct the id.")
            }
        }
        for edge in edges {
            try require(edge.from, "An edge to \(edge.to)")
            try require(edge.to, "An edge from \(edge.from)")
        }
        for (id, targets) in conditions.sorted(by: { $0.key < $1.key }) {
            try require(id, "A condition")
            if case .dag? = vertices.first(where: { $0.id == id })?.work {
                throw FlowError(
                    .unknownLabel,
                    "The condition \(id) is on a DAG, whose result has no status. Add a node after it that returns one, and put the condition there."
                )
            }
            for (label, target) in targets.sorted(by: { $0.key < $1.key }) {
                try require(target, "The label \(label) of the condition \(id)")
            }
        }
    }

    /// The kinds of edges that a walk follows.
    enum Ways {
        case all, withoutIterators
    }

    func next(_ id: String, _ ways: Ways) -> [String] {
        edges.filter { $0.from == id && (ways == .all || !$0.isIterator) }.map(\.to)
            + (conditions[id] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    }

    func reachable(from starts: [String], through ways: Ways) -> Set<String> {
        var reached: Set<String> = []
        var open = starts
        while let id = open.popLast() {
            if reached.insert(id).inserted { open += next(id, ways) }
        }
        return reached
    }

    private func topological() throws(FlowError) -> [String] {
        var missing: [String: Int] = [:]
        for vertex in vertices { for target in next(vertex.id, .all) { missing[target, default: 0] += 1 } }
        var ready = vertices.map(\.id).filter { missing[$0] == nil }
        var order: [String] = []
        while let id = ready.first {
            ready.removeFirst()
            order.append(id)
            for target in next(id, .all) {
                missing[target, default: 0] -= 1
                if missing[target] == 0 { ready.append(target) }
            }
        }
        guard order.count == vertices.count else {
            let circle = vertices.map(\.id).filter { !order.contains($0) }
            throw FlowError(
                .cycle, "The edges form a cycle among \(circle.joined(separator: ", ")). Remove one of them.")
        }
        return order
    }
}

/// Makes the plans of a checked ``ClassicGraph``: the plan of the whole graph, and a plan for the body of each
/// iterator.
private struct PlanMaker {
    let graph: ClassicGraph
    /// The ids of all nodes. Parents come before their children.
    let order: [String]

    /// Returns the plan of some nodes. The nodes in `entries` get the input.
    func plan(_ members: Set<String>, entries: Set<String>) throws(FlowError) -> Plan {
        // The labels of a node `join` may be named as a join.
        let taken = members.union((graph.conditions["join"] ?? [:]).keys.map { "join=\($0)" })
        /// Returns the id of a node that the graph doesn't declare.
        func hidden(_ id: String) -> String { taken.contains(id) ? "=" + id : id }
        var nodes = [node(hidden("input"), .input, [])]
        /// The index of each node, and the index of the node whose value its successors take. For a node with an
        /// iterator, the second index is that of the iterator.
        var indices: [String: Int] = [:]
        var sources: [String: Int] = [:]
        var labels: [String: Int] = [:]
        var leaves: [Int] = []
        func add(_ node: PlanNode) -> Int {
            nodes.append(node)
            return nodes.count - 1
        }
        for id in order where members.contains(id) {
            guard let vertex = graph.vertices.first(where: { $0.id == id }) else { continue }
            var parents = entries.contains(id) ? [0] : []
            for edge in graph.edges where edge.to == id && !edge.isIterator {
                guard let source = sources[edge.from] else { throw Self.outsideOfBody(id, edge.from) }
                parents.append(source)
            }
            for (branch, targets) in graph.conditions.sorted(by: { $0.key < $1.key }) {
                for (label, target) in targets.sorted(by: { $0.key < $1.key }) where target == id {
                    guard let chooser = indices[branch], let source = sources[branch] else {
                        throw Self.outsideOfBody(id, branch)
                    }
                    let key = "\(branch)=\(label)"
                    let index = labels[key] ?? add(node(key, .label(label), [chooser, source]))
                    labels[key] = index
                    parents.append(index)
                }
            }
            let parent =
                parents.count == 1 ? parents[0] : add(node(hidden("join=\(id)"), .merge(Self.combine), parents))
            let index = add(node(vertex, parent))
            var source = index
            let targets = graph.edges.filter { $0.from == id && $0.isIterator }.map(\.to)
            if !targets.isEmpty {
                guard !members.contains(id + ".items") else {
                    throw FlowError(
                        .duplicateNode,
                        "A node has the id \(id).items, which is that of the iterator on \(id). Give it its own id.")
                }
                let body = try plan(graph.reachable(from: targets, through: .withoutIterators), entries: Set(targets))
                source = add(iterator(id + ".items", body, index))
            }
            indices[id] = index
            sources[id] = source
            if graph.next(id, .withoutIterators).allSatisfy({ !members.contains($0) }) { leaves.append(source) }
        }
        let output = leaves.count == 1 ? leaves[0] : add(node(hidden("output"), .merge(Self.combine), leaves))
        return Plan(nodes: nodes, output: output)
    }

    private static func outsideOfBody(_ id: String, _ parent: String) -> FlowError {
        FlowError(
            .unreachableNode,
            "The node \(id) follows \(parent), which isn't in the same iterator's body. Let it follow the iterator's node."
        )
    }

    private func node(_ vertex: ClassicGraph.Vertex, _ parent: Int) -> PlanNode {
        switch vertex.work {
        case .dag(let dag):
            return node(vertex.id, .dag(dag.embedded()), [parent])
        case .function(let function):
            let body: PlanNode.Body = { step, values in
                let input = try FlowError.cast(values.first, to: NodeResult.self)
                let result = try await function(NodeTask(payload: input.payload, step: step))
                guard FlowRunner.payload(of: Array(result.payload.text.utf8)) != nil else {
                    throw PermanentError("the node \(step.path) returned a payload that isn't valid JSON")
                }
                return result
            }
            guard let targets = graph.conditions[vertex.id] else {
                return node(vertex.id, .step(body), [parent], vertex.options)
            }
            let labels = targets.keys.sorted()
            return node(vertex.id, .branch(body, labels: labels), [parent], vertex.options) { value in
                let status = (value as? NodeResult)?.status
                return status.flatMap { labels.contains($0) ? $0 : nil } ?? "default"
            }
        }
    }

    private func iterator(_ id: String, _ body: Plan, _ parent: Int) -> PlanNode {
        let iteration = PlanNode.Iteration(
            body: body, window: 16,
            elements: { value in
                let payload = try FlowError.cast(value, to: NodeResult.self).payload
                guard let elements = payload.elements else {
                    throw PermanentError("an iterator needs a JSON array, and the result before it is another value")
                }
                return elements.map { NodeResult($0) }
            },
            collect: { outcomes in
                NodeResult(.array(try outcomes.map { try FlowError.cast($0.get(), to: NodeResult.self).payload }))
            }, collectsFailures: false)
        return node(id, .iterator(iteration), [parent])
    }

    private func node(
        _ id: String, _ kind: PlanNode.Kind, _ parents: [Int], _ options: NodeOptions = NodeOptions(),
        label: (@Sendable (any Sendable) -> String?)? = nil
    ) -> PlanNode {
        PlanNode(
            id: id, kind: kind, parents: parents, options: options, label: label,
            encode: { Array(try FlowError.cast($0, to: NodeResult.self).payload.text.utf8) },
            decode: { NodeResult(JSON(String(decoding: $0, as: UTF8.self))) })
    }

    /// Returns a single value unchanged, and several values as an object whose keys are the ids of the nodes.
    private static let combine: PlanNode.Combination = { values in
        let payloads = try values.map { (id: $0.id, value: try FlowError.cast($0.value, to: NodeResult.self).payload) }
        return NodeResult(payloads.count == 1 ? payloads[0].value : .object(payloads))
    }
}
