/// The shape of a graph: its nodes and edges, without code.
///
/// The journal contains it. So tools can draw a task, and compare two versions of a graph, without the program.
package struct GraphShape: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case input, step, branch, label, merge, iterator, dag, wait, timer, handler

        /// Whether the journal contains the results of such nodes. The results of other nodes follow from them.
        package var isJournaled: Bool {
            switch self {
            case .step, .branch, .wait, .timer, .handler: true
            case .input, .label, .merge, .iterator, .dag: false
            }
        }
    }

    package struct Node: Codable, Hashable, Sendable {
        package var id: String
        package var kind: Kind
        package var parents: [String]
        /// The id of the node whose failure a handler handles.
        package var handles: String?
        /// The graph of an iterator or a sub-DAG.
        package var body: GraphShape?
        /// True for a step that must not run twice; otherwise nil.
        package var once: Bool?
        /// True for a step after whose failure the task continues, else nil.
        package var optional: Bool?
        /// True for an iterator that takes failed elements as results, else nil.
        package var collects: Bool?
    }

    package var key: String
    package var name: String
    /// The nodes. Parents come before their children.
    package var nodes: [Node]
    package var output: String

    init(_ plan: Plan, key: String, name: String) {
        self.key = key
        self.name = name
        output = plan.nodes[plan.output].id
        nodes = plan.nodes.map { node in
            var shape = Node(id: node.id, kind: Kind(node.kind), parents: node.parents.map { plan.nodes[$0].id })
            if node.options.execution == .atMostOnce { shape.once = true }
            if node.absent != nil { shape.optional = true }
            switch node.kind {
            case .iterator(let iteration):
                shape.body = GraphShape(iteration.body, key: node.id, name: node.id)
                if iteration.collectsFailures { shape.collects = true }
            case .dag(let plan): shape.body = GraphShape(plan, key: node.id, name: node.id)
            case .handler(let index, _): shape.handles = plan.nodes[index].id
            default: break
            }
            return shape
        }
    }

    /// Returns the shape as JSON. Equal shapes give equal texts.
    package func json() throws(FlowError) -> String {
        do {
            return try JSON(encoding: self).text
        } catch {
            throw FlowError(.undecodable, "The shape of the DAG \(key) can't be written as JSON.", cause: error)
        }
    }

    /// Reads a shape that ``json()`` returned.
    package init(json: String) throws(FlowError) {
        do {
            self = try JSON(json).decode()
        } catch {
            throw FlowError(
                .undecodable, "The text isn't the shape of a DAG. Use what graphJSON() returns.", cause: error)
        }
    }

    /// Returns the 64-bit FNV-1a hash of a text. (Fowler, Noll, Vo: draft-eastlake-fnv.)
    package static func hash(_ json: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in json.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}

extension GraphShape {
    /// Returns the node at a step's path, such as `lines[17]/pick`.
    package func node(at path: some StringProtocol) -> Node? {
        let id = path.prefix { $0 != "/" && $0 != "[" }
        guard let node = nodes.first(where: { $0.id == id }) else { return nil }
        var rest = path.dropFirst(id.count)
        if rest.isEmpty { return node }
        if node.kind == .iterator {
            guard StepPath.hasElement(rest) else { return nil }
            rest = rest.drop { $0 != "]" }.dropFirst()
        }
        return rest.first == "/" ? node.body?.node(at: rest.dropFirst()) : nil
    }

    /// The paths of the nodes that wait for a value. They have `N` in place of an element's number.
    package var waits: [String] {
        nodes.flatMap { node -> [String] in
            guard let body = node.body else { return node.kind == .wait ? [node.id] : [] }
            return body.waits.map { node.id + (node.kind == .iterator ? "[N]/" : "/") + $0 }
        }
    }

    /// Throws `unknownNode` unless the node at a path waits for a value.
    package func requireWait(at path: String) throws(FlowError) {
        let node = node(at: path)
        if node?.kind == .wait { return }
        let waits = waits
        throw FlowError(
            .unknownNode,
            (node == nil ? "The DAG \(key) has no node \(path)." : "The node \(path) of the DAG \(key) takes no value.")
                + (waits.isEmpty
                    ? " None of its nodes waits for one." : " These wait for one: \(waits.joined(separator: ", ")).")
        )
    }
}

extension GraphShape.Kind {
    init(_ kind: PlanNode.Kind) {
        self =
            switch kind {
            case .input: .input
            case .step: .step
            case .branch: .branch
            case .label: .label
            case .merge: .merge
            case .iterator: .iterator
            case .dag: .dag
            case .wait: .wait
            case .timer: .timer
            case .handler: .handler
            }
    }
}
