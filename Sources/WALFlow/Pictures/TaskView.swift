package import WAL

/// The state of each node of a graph, according to the task's journal. It doesn't need the program.
package struct TaskView {
    package enum State: String, CaseIterable, Sendable {
        case pending, ready, running, waiting, retrying, done, failed, skipped

        /// The sign of the state in pictures, for people who can't distinguish the colors.
        package var sign: String {
            switch self {
            case .pending: "·"
            case .ready: "▷"
            case .running: "▶"
            case .waiting: "…"
            case .retrying: "↻"
            case .done: "✓"
            case .failed: "✗"
            case .skipped: "–"
            }
        }

        package var hasEnded: Bool { self == .done || self == .failed || self == .skipped }
    }

    private let task: TaskJournal?
    private let running: Set<String>
    private let begun: BegunPaths

    /// Makes a view of a task. Without a task, all nodes are pending.
    ///
    /// - Parameters:
    ///   - task: The journal of the task.
    ///   - running: The paths of the running steps, which only the program knows.
    package init(_ task: TaskJournal?, running: Set<String> = []) {
        self.task = task
        self.running = running
        let steps = task?.steps ?? [:]
        begun = BegunPaths(running.union(steps.keys))
    }

    /// Returns the states of a graph's nodes, by id.
    ///
    /// - Parameters:
    ///   - shape: The graph.
    ///   - prefix: The prefix of its paths.
    ///   - input: The state of its input; see ``input(of:_:_:)``.
    package func states(of shape: GraphShape, prefix: String = "", input: State = .done) -> [String: State] {
        var states: [String: State] = [:]
        // The states as the nodes after them see them.
        var passed: [String: State] = [:]
        for node in shape.nodes {
            let state = node.kind == .input && task != nil ? input : state(of: node, prefix, passed)
            states[node.id] = state
            passed[node.id] = Self.isPassedOver(node, state) ? .done : state
        }
        // The journal of an iterator doesn't contain the number of its elements. The iterator has ended if a node after
        // it has begun.
        for node in shape.nodes where node.kind == .iterator && states[node.id] != .skipped {
            let later = shape.nodes.filter { $0.parents.contains(node.id) }
            if task?.end?.status == .completed || later.contains(where: { hasBegun(prefix + $0.id) }) {
                states[node.id] = .done
            }
        }
        // An element whose output has a result needs no other results.
        if prefix.hasSuffix("]/"), task?.steps[prefix + shape.output]?.result != nil {
            for (id, state) in states where !state.hasEnded { states[id] = .done }
        }
        return states
    }

    /// Returns the state of the input in the graph of a node, which is a sub-DAG or an iterator.
    func input(of node: GraphShape.Node, _ state: State, _ prefix: String) -> State {
        switch state {
        case .pending, .skipped: state
        // An iterator without elements is done, and its graph never begins.
        case .done: hasBegun(prefix + node.id) ? .done : .pending
        case .ready, .running, .waiting, .retrying, .failed: .done
        }
    }

    private func state(of node: GraphShape.Node, _ prefix: String, _ states: [String: State]) -> State {
        let path = prefix + node.id
        guard let task else { return .pending }
        let parents = node.parents.map { states[$0] ?? .pending }
        if let known = state(of: task.steps[path], path) { return known }
        switch node.kind {
        case .merge:
            if parents.contains(.done), parents.allSatisfy(\.hasEnded) { return .done }
            return parents.allSatisfy { $0 == .skipped } ? .skipped : .pending
        case .label:
            if parents.contains(.skipped) { return .skipped }
            guard let branch = node.parents.first, let chosen = task.steps[prefix + branch]?.label else {
                return .pending
            }
            return node.id == "\(branch)=\(chosen)" ? .done : .skipped
        case .handler:
            return task.end == nil ? .pending : .skipped
        case .dag, .iterator:
            if parents.contains(.skipped) { return .skipped }
            return hasBegun(path) ? inner(node, path) : parents.allSatisfy { $0 == .done } ? .ready : .pending
        case .input, .step, .branch, .wait, .timer:
            if parents.contains(.skipped) { return .skipped }
            return parents.allSatisfy { $0 == .done } && task.end == nil ? .ready : .pending
        }
    }

    /// Returns the state of a step according to the step's own journal; nil if that doesn't decide it.
    private func state(of step: TaskJournal.Step?, _ path: String) -> State? {
        if step?.result != nil { return .done }
        if step?.hasFailed == true { return .failed }
        if running.contains(path) || step?.hasStarted == true { return .running }
        if step?.retryAt != nil { return .retrying }
        return step?.wait != nil ? task?.end == nil ? .waiting : .pending : nil
    }

    /// A step, a sub-DAG or an iterator of a task, for a list.
    package struct Line {
        package var path: String
        /// The state; nil for a step that the graph doesn't have.
        package var state: State?
        package var step: TaskJournal.Step?
    }

    /// Returns the steps of a task in the order of its graph, including the steps of elements that have begun. The
    /// steps that the graph doesn't have come last.
    package func lines(of shape: GraphShape?) -> [Line] {
        var lines: [Line] = []
        if let shape { add(shape, prefix: "", to: &lines) }
        let known = Set(lines.map(\.path))
        for (path, step) in (task?.steps ?? [:]).sorted(by: { $0.key < $1.key }) where !known.contains(path) {
            lines.append(Line(path: path, state: shape == nil ? state(of: step, path) : nil, step: step))
        }
        return lines
    }

    private func add(_ shape: GraphShape, prefix: String, input: State = .done, to lines: inout [Line]) {
        let states = states(of: shape, prefix: prefix, input: input)
        for node in shape.nodes {
            let path = prefix + node.id
            switch node.kind {
            case .input, .label, .merge: continue
            case .step, .branch, .wait, .timer, .handler, .dag, .iterator:
                lines.append(Line(path: path, state: states[node.id], step: task?.steps[path]))
            }
            guard let body = node.body else { continue }
            guard node.kind == .iterator else {
                let input = self.input(of: node, states[node.id] ?? .pending, prefix)
                add(body, prefix: path + "/", input: input, to: &lines)
                continue
            }
            let elements = Set(begun.elements(of: path).compactMap { Int($0) })
            for element in elements.sorted() { add(body, prefix: StepPath.element(element, of: path), to: &lines) }
        }
    }

    private func inner(_ node: GraphShape.Node, _ path: String) -> State {
        guard node.kind == .dag, let body = node.body else { return .running }
        let states = states(of: body, prefix: path + "/")
        func isDone(_ node: GraphShape.Node) -> Bool {
            states[node.id] == .done || Self.isPassedOver(node, states[node.id])
        }
        if body.nodes.contains(where: { states[$0.id] == .failed && !isDone($0) }) { return .failed }
        return body.nodes.contains { $0.id == body.output && isDone($0) } ? .done : .running
    }

    /// Whether a task continues after the failure of a node.
    private static func isPassedOver(_ node: GraphShape.Node, _ state: State?) -> Bool {
        state == .failed && node.optional == true
    }

    private func hasBegun(_ path: String) -> Bool {
        guard let task else { return false }
        return task.steps[path] != nil || running.contains(path) || begun.hasGraph(at: path)
            || !begun.elements(of: path).isEmpty
    }

    /// Returns the number of an iterator's elements that have ended.
    package func endedElements(of node: GraphShape.Node, prefix: String = "") -> Int {
        guard let task, let output = node.body?.output else { return 0 }
        let start = prefix + node.id + "["
        return task.steps.count { $0.key.hasPrefix(start) && $0.key.hasSuffix("]/" + output) && $0.value.result != nil }
    }

    /// Returns the reason why a task is parked, and the remedy.
    static func remedy(parked reason: String) -> String {
        reason.hasPrefix(changedGraph)
            ? "\(reason); accept it, retry it from a step, or cancel it"
            : "\(reason); change the program, or cancel the task"
    }

    /// The prefix of the reason for a task that can continue with another graph, if a person accepts it.
    package static let changedGraph = "graph changed: "

    /// Returns the paths of the nodes that are ready or running. A sub-DAG that has begun may only wait, so its nodes
    /// count instead.
    private func ready(in shape: GraphShape, prefix: String = "") -> [String] {
        let states = states(of: shape, prefix: prefix)
        return shape.nodes.flatMap { node -> [String] in
            guard let state = states[node.id], state == .ready || state == .running else { return [] }
            guard state == .running, node.kind == .dag, let body = node.body else { return [prefix + node.id] }
            return ready(in: body, prefix: prefix + node.id + "/")
        }
    }

    /// Whether a step may still end. A task continues after some final failures, and its graph may have lost the step.
    private static func isOpen(_ step: TaskJournal.Step, at path: String, in shape: GraphShape?) -> Bool {
        guard step.result == nil, !step.hasFailed else { return false }
        return shape.map { $0.node(at: path) != nil } ?? true
    }

    /// Whether a time for which a task waits has been over for a minute.
    package static func isOverdue(_ task: TaskJournal, _ shape: GraphShape?, now: Timestamp) -> Bool {
        guard task.end == nil else { return false }
        return task.steps.contains { path, step in
            let due = [step.wait?.due, step.retryAt].compactMap { $0 }.min()
            guard let due, now - due > .seconds(60) else { return false }
            return isOpen(step, at: path, in: shape)
        }
    }

    /// Returns the reason why a task makes no progress, as one clause.
    package static func reason(_ task: TaskJournal, _ shape: GraphShape?, now: Timestamp) -> String {
        guard task.beginning != nil else { return "orphaned: the log has lost its beginning" }
        if let end = task.end {
            switch end.status {
            case .failed:
                return
                    "failed at \(end.path ?? ""): \(end.error ?? ""); retry it (`wal flow retry`, or FlowRunner.retry), or let it be forgotten"
            case .completed, .cancelled: return "\(end.status), and the final callback hasn't returned"
            }
        }
        if let parked = task.parked { return TaskJournal.processingState(parked: remedy(parked: parked)) }
        if task.isPaused { return "paused" }
        let steps = task.steps.filter { isOpen($0.value, at: $0.key, in: shape) }.sorted { $0.key < $1.key }
        if let (path, step) = steps.first(where: { $0.value.retryAt != nil }), let due = step.retryAt {
            return "\(path) is retried at \(due) after: \(step.error ?? "")"
        }
        if let shape {
            let ready = TaskView(task).ready(in: shape).sorted()
            if !ready.isEmpty { return "ready or running: \(ready.joined(separator: ", "))" }
        }
        if let (path, step) = steps.first(where: { $0.value.wait != nil }), let wait = step.wait {
            let due = wait.due.map { " until \($0)" + ($0 < now ? ", which is over" : "") } ?? ""
            return wait.signal == nil ? "sleeping in \(path)\(due)" : "waiting for \(path)\(due)"
        }
        return "ready or running"
    }
}
