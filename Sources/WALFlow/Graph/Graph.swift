/// A graph that is being declared. The closure of a ``DAG`` gets one, and so does the body of each iterator.
///
/// Its functions add nodes and return their handles. They don't report mistakes, such as two nodes with the same id.
/// ``FlowDAG/validate()`` reports mistakes, and so does a runner that gets the DAG.
public final class Graph {
    private(set) var nodes: [PlanNode] = []
    private(set) var labels: [Int: [String]] = [:]
    private(set) var mistakes: [FlowError] = []
    let coder: any FlowCoder

    init(coder: any FlowCoder) {
        self.coder = coder
    }

    // MARK: Nodes

    /// Adds a node whose step runs after all parents have ended. If a parent is skipped, the node is skipped too.
    ///
    /// - Parameters:
    ///   - id: The id, unique in this graph: 1 to 64 bytes without `/`, `[`, `]`, `#` and `=`. The journal knows the step by it.
    ///   - parents: The nodes whose values the step takes, at least one. The first steps of a graph follow its input.
    ///   - options: How the step runs.
    ///   - body: The step. It may run more than once (see ``FlowStep/key``).
    public func addNode<each Parent: Sendable, Value: Codable & Sendable>(
        _ id: String, after parents: repeat Node<each Parent>, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (FlowStep, repeat each Parent) async throws -> Value
    ) -> Node<Value> {
        add(id, .step(erase(body)), handles(repeat each parents), options, Value.self)
    }

    /// Adds a node whose failure doesn't fail the task: after its last attempt has failed, its value is nil.
    ///
    /// - Parameters:
    ///   - id: The id; see ``addNode(_:after:options:_:)``.
    ///   - parents: The nodes whose values the step takes.
    ///   - options: The options of the node's steps.
    ///   - body: The step. It may run more than once; see ``FlowStep/key``.
    /// - Returns: The handle of the node.
    public func addOptionalNode<each Parent: Sendable, Value: Codable & Sendable>(
        _ id: String, after parents: repeat Node<each Parent>, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (FlowStep, repeat each Parent) async throws -> Value
    ) -> Node<Value?> {
        let optional: @Sendable (FlowStep, repeat each Parent) async throws -> Value? = {
            (step: FlowStep, values: repeat each Parent) in
            try await body(step, repeat each values)
        }
        return add(
            id, .step(erase(optional)), handles(repeat each parents), options, Value?.self, absent: { Value?.none })
    }

    /// Adds a step that runs after the final failure of a node, before the task fails. It can undo the effects of the
    /// task.
    ///
    /// An iterator or a sub-DAG fails as soon as one of its steps fails.
    ///
    /// - Parameters:
    ///   - node: The node whose failure the step handles.
    ///   - id: The id of the step; see ``addNode(_:after:options:_:)``.
    ///   - options: The options of the step.
    ///   - body: The step, which gets the failure.
    public func onFailure<Value: Sendable>(
        of node: Node<Value>, _ id: String, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (FlowStep, FlowFailure) async throws -> Void
    ) {
        let erased: PlanNode.Body = { step, values in
            try await body(step, FlowError.cast(values.first, to: FlowFailure.self))
            return true
        }
        guard let index = handles(node).first else { return }
        _ = add(id, .handler(of: index, erased), [], options, Bool.self)
    }

    /// Adds a graph that runs once for each element of a parent's value. It collects the outputs in the order of the
    /// elements.
    ///
    /// The paths of the steps are `id[0]/…`, `id[1]/…` and so on. Without elements, the value is an empty array at
    /// once. A failed element fails the node. The results of all elements stay in memory until the task ends.
    ///
    /// - Parameters:
    ///   - id: The id; see ``addNode(_:after:options:_:)``.
    ///   - parent: The node whose value contains the elements.
    ///   - elements: Returns the elements. A restart calls it again, so it must return the same elements each time.
    ///   - concurrency: The largest number of elements that run at the same time, at least 1.
    ///   - body: Declares the graph of an element. The value of the node that it returns is the element's output.
    /// - Returns: The handle of the node.
    public func addIterator<Parent: Sendable, Element: Codable & Sendable, Value: Codable & Sendable>(
        _ id: String, over parent: Node<Parent>, _ elements: @escaping @Sendable (Parent) -> [Element],
        concurrency: Int = 16, _ body: (Graph, Node<Element>) -> Node<Value>
    ) -> Node<[Value]> {
        addIteration(id, parent, elements, concurrency, body, [Value].self, collectsFailures: false) { outcomes in
            try outcomes.map { try FlowError.cast($0.get(), to: Value.self) }
        }
    }

    /// Adds an iterator in which a failed element doesn't fail the node, but is a part of the value.
    ///
    /// - Parameters:
    ///   - id: The id; see ``addNode(_:after:options:_:)``.
    ///   - parent: The node whose value contains the elements.
    ///   - elements: Returns the elements. A restart calls it again, so it must return the same elements each time.
    ///   - concurrency: The largest number of elements that run at the same time, at least 1.
    ///   - body: Declares the graph of an element; see ``addIterator(_:over:_:concurrency:_:)``.
    /// - Returns: The handle of the node.
    public func addCollectingIterator<Parent: Sendable, Element: Codable & Sendable, Value: Codable & Sendable>(
        _ id: String, over parent: Node<Parent>, _ elements: @escaping @Sendable (Parent) -> [Element],
        concurrency: Int = 16, _ body: (Graph, Node<Element>) -> Node<Value>
    ) -> Node<[ElementResult<Value>]> {
        addIteration(id, parent, elements, concurrency, body, [ElementResult<Value>].self, collectsFailures: true) {
            outcomes in
            try outcomes.map { outcome in
                switch outcome {
                case .success(let value): .success(try FlowError.cast(value, to: Value.self))
                case .failure(let failure): .failure(failure)
                }
            }
        }
    }

    /// Adds a step that chooses one of several ways. The journal keeps the choice, so a restart doesn't choose again.
    ///
    /// - Parameters:
    ///   - id: The id; see ``addNode(_:after:options:_:)``.
    ///   - parent: The node whose value the step takes.
    ///   - options: The options of the node's steps.
    ///   - body: The step, which returns a label.
    /// - Returns: The branch. Its labels are nodes: `way["review"]`.
    public func addBranch<Parent: Codable & Sendable>(
        _ id: String, after parent: Node<Parent>, options: NodeOptions = NodeOptions(),
        _ body: @escaping @Sendable (FlowStep, Parent) async throws -> String
    ) -> Branch<Parent> {
        let branch = add(
            id, .branch(erase(body), labels: []), handles(parent), options, String.self, label: { $0 as? String })
        labels[branch.index] = []
        return Branch(graph: self, index: branch.index, parent: parent.index)
    }

    /// Adds a node with the value of the first of these nodes, at least one, that wasn't skipped. It is skipped if all of them are.
    public func merge<Value: Codable & Sendable>(_ nodes: Node<Value>...) -> Node<Value> {
        let parents = nodes.flatMap { handles($0) }
        return add("merge \(self.nodes.count)", .merge(nil), parents, NodeOptions(), Value.self)
    }

    /// Adds another DAG as a node. Its steps' paths are `id/…`. They keep the limit of that DAG, and its durability if it is `.durable`.
    public func addDAG<Input: Codable & Sendable, Output: Codable & Sendable>(
        _ id: String, _ dag: DAG<Input, Output>, after parent: Node<Input>
    ) -> Node<Output> {
        let plan: Plan
        do throws(FlowError) {
            plan = try dag.frozen().embedded()
        } catch {
            mistakes.append(error)
            return Node(graph: ObjectIdentifier(self), index: 0)
        }
        return add(id, .dag(plan), handles(parent), NodeOptions(), Output.self)
    }

    /// Adds a node that waits for a value from outside, such as a person's decision or a message of another system.
    ///
    /// ``FlowRunner/submit(_:to:of:id:)`` gives the node its value. The value may come before the task reaches the
    /// node. A wait occupies no thread.
    ///
    /// - Parameters:
    ///   - id: The id; see ``addNode(_:after:options:_:)``.
    ///   - parent: The node after which the wait begins.
    ///   - type: The type of the value.
    ///   - timeout: The time after which the node fails. The time also passes while the program is down. Nil means no
    ///     limit.
    /// - Returns: The handle of the node.
    public func addWait<Parent: Sendable, Value: Codable & Sendable>(
        _ id: String, after parent: Node<Parent>, for type: Value.Type, timeout: Duration? = nil
    ) -> Node<Value> {
        add(id, .wait(timeout: timeout), handles(parent), NodeOptions(), Value.self)
    }

    /// Adds a node that passes its parent's value on after a time. The time also passes while the program is down.
    ///
    /// - Parameters:
    ///   - id: The id; see ``addNode(_:after:options:_:)``.
    ///   - parent: The node after which the time begins.
    ///   - duration: The time.
    /// - Returns: The handle of the node.
    public func addTimer<Parent: Codable & Sendable>(
        _ id: String, after parent: Node<Parent>, for duration: Duration
    ) -> Node<Parent> {
        add(id, .timer(duration), handles(parent), NodeOptions(), Parent.self)
    }

    // MARK: Making the plan

    /// Adds the node of the input, which is the first node.
    func addInput<Value: Codable & Sendable>(_ type: Value.Type) -> Node<Value> {
        add("input", .input, [], NodeOptions(), type)
    }

    func label<Value: Codable & Sendable>(_ name: String, of branch: Branch<Value>) -> Node<Value> {
        // No other node has an id with this character.
        let id = "\(nodes[branch.index].id)=\(name)"
        if let index = nodes.firstIndex(where: { $0.id == id }) {
            return Node(graph: ObjectIdentifier(self), index: index)
        }
        labels[branch.index, default: []].append(name)
        return add(id, .label(name), [branch.index, branch.parent], NodeOptions(), Value.self)
    }

    /// Returns the plan whose output is the value of this node.
    func plan<Value: Sendable>(output: Node<Value>) throws(FlowError) -> Plan {
        if output.graph != ObjectIdentifier(self) {
            mistakes.append(.foreignNode("The output"))
        }
        if let mistake = mistakes.first { throw mistake }
        var nodes = nodes
        for (index, labels) in labels {
            guard case .branch(let body, _) = nodes[index].kind else { continue }
            guard !labels.isEmpty else {
                throw FlowError(
                    .unknownLabel,
                    "The branch \(nodes[index].id) has no labels. Let nodes follow its labels, such as way[\"yes\"].")
            }
            let old = nodes[index]
            nodes[index] = PlanNode(
                id: old.id, kind: .branch(body, labels: labels), parents: old.parents, options: old.options,
                label: old.label, encode: old.encode, decode: old.decode)
        }
        return Plan(nodes: nodes, output: output.index)
    }

    private func addIteration<
        Parent: Sendable, Element: Codable & Sendable, Output: Codable & Sendable, Value: Codable & Sendable
    >(
        _ id: String, _ parent: Node<Parent>, _ elements: @escaping @Sendable (Parent) -> [Element], _ window: Int,
        _ body: (Graph, Node<Element>) -> Node<Output>, _ type: Value.Type, collectsFailures: Bool,
        _ collect: @escaping @Sendable ([PlanNode.Outcome]) throws -> Value
    ) -> Node<Value> {
        let graph = Graph(coder: coder)
        let output = body(graph, graph.addInput(Element.self))
        if window < 1 {
            mistakes.append(
                FlowError(.invalidOption, "concurrency of the iterator \(id) is \(window). Use at least 1."))
        }
        do throws(FlowError) {
            let iteration = PlanNode.Iteration(
                body: try graph.plan(output: output), window: window,
                elements: { value in elements(try FlowError.cast(value, to: Parent.self)) },
                collect: { try collect($0) }, collectsFailures: collectsFailures)
            return add(id, .iterator(iteration), handles(parent), NodeOptions(), type)
        } catch {
            mistakes.append(error)
            return Node(graph: ObjectIdentifier(self), index: 0)
        }
    }

    private func add<Value: Codable & Sendable>(
        _ id: String, _ kind: PlanNode.Kind, _ parents: [Int], _ options: NodeOptions, _ type: Value.Type,
        label: (@Sendable (any Sendable) -> String?)? = nil, absent: (@Sendable () -> any Sendable)? = nil
    ) -> Node<Value> {
        let coder = coder
        let node = PlanNode(
            id: id, kind: kind, parents: parents, options: options, label: label, absent: absent,
            encode: { try coder.encode(try FlowError.cast($0, to: Value.self)) },
            decode: { try coder.decode(Value.self, from: $0) })
        check(node)
        nodes.append(node)
        return Node(graph: ObjectIdentifier(self), index: nodes.count - 1)
    }

    private func check(_ node: PlanNode) {
        let kind = GraphShape.Kind(node.kind)
        // The program gives the other kinds of nodes their ids.
        if ![.input, .label, .merge].contains(kind), let mistake = StepPath.mistake(in: node.id) {
            mistakes.append(mistake)
        }
        if nodes.contains(where: { $0.id == node.id }) {
            mistakes.append(
                FlowError(.duplicateNode, "Two nodes have the id \(node.id). Give each node of a graph its own id."))
        }
        // The end of a parent lets the other kinds of nodes begin.
        if node.parents.isEmpty, kind != .input, kind != .handler {
            mistakes.append(
                FlowError(
                    .unreachableNode,
                    "The node \(node.id) follows no other, so it would never begin. Let it follow the input."))
        }
        if let mistake = node.options.mistake(in: node.id) { mistakes.append(mistake) }
    }

    /// Returns the indexes of handles. Notes a mistake for a handle of another graph.
    private func handles<each Value: Sendable>(_ handles: repeat Node<each Value>) -> [Int] {
        var indexes: [Int] = []
        for handle in repeat each handles {
            if handle.graph == ObjectIdentifier(self) {
                indexes.append(handle.index)
            } else {
                mistakes.append(.foreignNode("A parent"))
            }
        }
        return indexes
    }

    private func erase<each Parent: Sendable, Value: Sendable>(
        _ body: @escaping @Sendable (FlowStep, repeat each Parent) async throws -> Value
    ) -> PlanNode.Body {
        { step, values in
            var inputs = values.makeIterator()
            return try await body(step, repeat try FlowError.cast(inputs.next(), to: (each Parent).self))
        }
    }
}

/// The result of one element of ``Graph/addCollectingIterator(_:over:_:concurrency:_:)``.
public enum ElementResult<Value: Codable & Sendable>: Codable, Sendable {
    /// The element's output.
    case success(Value)
    /// The final failure of one of the element's steps.
    case failure(FlowFailure)
}

extension FlowError {
    /// Returns a value in the type that a step needs. A DAG of names passes its JSON on in results of nodes, and may be
    /// within a DAG of handles or around one.
    static func cast<Value>(_ value: (any Sendable)?, to type: Value.Type) throws -> Value {
        if let cast = value as? Value { return cast }
        if let result = value as? NodeResult, let cast = result.payload as? Value { return cast }
        if let json = value as? JSON, let cast = NodeResult(json) as? Value { return cast }
        throw FlowError(
            .undecodable,
            "A step needs \(type), and the value is \(value.map { "\(Swift.type(of: $0))" } ?? "missing").")
    }

    fileprivate static func foreignNode(_ what: String) -> FlowError {
        FlowError(
            .foreignNode,
            "\(what) is a node of another graph. Use the handles that this graph, or this element's body, returned.")
    }
}

extension NodeOptions {
    /// Returns the mistake in the options of a node, or nil.
    func mistake(in node: String) -> FlowError? {
        let wrong: String? =
            if let concurrency, concurrency < 1 {
                "concurrency is \(concurrency). Use at least 1."
            } else if let timeout, timeout <= .zero {
                "timeout is \(timeout). Use a positive duration."
            } else if let retry, retry.max < 0 || retry.first < .zero || !(0...1).contains(retry.jitter) {
                "retry has a value below 0, or a jitter above 1."
            } else if execution == .atMostOnce, let retry, retry.max > 0 {
                "execution is atMostOnce, and retry has \(retry.max) retries. Use one of the two."
            } else {
                nil
            }
        return wrong.map { FlowError(.invalidOption, "Options of the node \(node): \($0)") }
    }
}
