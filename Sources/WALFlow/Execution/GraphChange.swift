/// The change from one version of a graph to another. It decides whether a task that began with the old graph can
/// continue with the new one.
///
/// It can if each result that unfinished nodes need is still there under its path, each branch still has the label that it chose, and
/// nothing that comes before a finished node would run. A graph that runs for each element is begun once one of its steps has ended.
package struct GraphChange {
    private let old: GraphShape
    private let new: GraphShape

    package init(from old: GraphShape, to new: GraphShape) {
        self.old = old
        self.new = new
    }

    /// Returns the reason why a task must be parked, or nil.
    package func conflict(with task: TaskJournal) -> String? {
        guard old != new else { return nil }
        let results = task.steps.lazy.filter { $0.value.result != nil }.map(\.key)
        let begun = BegunPaths(results)
        if let reason = ScopeChange(old, new, "", task, begun).conflict(isOver: false) { return reason }
        if let path = newFailure(of: task) {
            return "the task continued after the failure of the step \(path), which fails it with the new graph"
        }
        return dropped(of: task).first.map { "the step \($0) must not run twice, and the new graph doesn't have it" }
    }

    /// A failed step after which the task continued, and doesn't with the new graph.
    private func newFailure(of task: TaskJournal) -> String? {
        task.steps.filter { path, step in
            step.hasFailed && old.passesOver(failureAt: path[...]) && new.node(at: path) != nil
                && !new.passesOver(failureAt: path[...])
        }.keys.min()
    }

    /// The steps that must not run twice, that have begun, and that the new graph doesn't have or runs again. Under another name they run
    /// again.
    private func dropped(of task: TaskJournal) -> [String] {
        let known = task.steps.filter { path, step in
            guard step.attempt > 0, let node = old.node(at: path), node.once == true else { return false }
            return new.node(at: path)?.kind != node.kind
        }.keys
        let results = task.steps.filter { $0.value.result != nil }.keys
        return Set(known).union(results.flatMap { forgotten(endingAt: $0, in: task) }).sorted()
    }

    /// Returns the steps that must not run twice and that run again, for an element that has ended.
    ///
    /// The journal has forgotten the steps of such an element. If the element has another end in the new graph, the
    /// whole element runs again.
    ///
    /// - Parameter path: The path of a result. The list is empty unless it is the result of an element's output.
    private func forgotten(endingAt path: String, in task: TaskJournal) -> [String] {
        let steps = old.forgotten(endingAt: path, in: task)
        guard !steps.isEmpty, let bracket = path.lastIndex(of: "["), let body = old.node(at: path[..<bracket])?.body
        else { return [] }
        let node = new.node(at: path[..<bracket])
        return node?.kind == .iterator && node?.body?.hasEnd(of: body) == true ? [] : steps
    }

    /// Throws `wrongState` unless the caller names each step that must not run twice and that the task loses by the
    /// change. A name also stands for all steps under it.
    package func requireDropped(_ named: Set<String>, of task: TaskJournal) throws(FlowError) {
        let unnamed = dropped(of: task).filter { path in
            !named.contains { path == $0 || path.hasPrefix($0 + "/") || path.hasPrefix($0 + "[") }
        }
        guard !unnamed.isEmpty else { return }
        throw FlowError(
            .wrongState,
            "The task \(task.id) has run steps that must not run twice, and that the new graph runs again or doesn't have: \(unnamed.joined(separator: ", ")). Under another name, or in an element with another end, they run again. Keep both, or accept the graph and name each step that may be dropped."
        )
    }
}

/// The change of one graph of a task: the task's own graph, a sub-DAG, or the graph of an element.
private struct ScopeChange {
    private let old: GraphShape
    private let new: GraphShape
    private let prefix: String
    private let task: TaskJournal
    /// The sub-DAGs and elements with results, of the whole task.
    private let begun: BegunPaths
    private let before: Ancestry
    private let after: Ancestry
    /// The nodes that have the same parents in both versions, like all nodes before them.
    private let same: Set<String>

    init(_ old: GraphShape, _ new: GraphShape, _ prefix: String, _ task: TaskJournal, _ begun: BegunPaths) {
        (self.old, self.new, self.prefix, self.task, self.begun) = (old, new, prefix, task, begun)
        (before, after) = (Ancestry(old), Ancestry(new))
        var same: Set<String> = []
        for node in new.nodes where node.parents.allSatisfy(same.contains) {
            guard let other = old.node(node.id), other.kind == node.kind, other.parents == node.parents else {
                continue
            }
            same.insert(node.id)
        }
        self.same = same
    }

    /// Returns the reason why the task can't continue, or nil. `isOver` means that a step after the graph is finished,
    /// so that no step of the graph may run.
    func conflict(isOver: Bool) -> String? {
        lostResult ?? lostGraph ?? lostLabel ?? lateStep(isOver: isOver) ?? innerConflict(isOver: isOver)
    }

    /// The conflict of a result that unfinished nodes need and that the new graph doesn't have.
    private var lostResult: String? {
        for node in old.nodes where node.kind.isJournaled && hasResult(node.id) {
            guard new.node(node.id)?.kind != node.kind else { continue }
            let unfinished = old.nodes.first {
                $0.kind.isJournaled && !hasResult($0.id) && before.ancestors(of: $0.id).contains(node.id)
                    && new.node($0.id) != nil
            }
            guard let unfinished else { continue }
            return
                "the step \(prefix)\(node.id) has a result that \(prefix)\(unfinished.id) needs, and the new graph doesn't have it"
        }
        return nil
    }

    /// The conflict of a sub-DAG or iterator that has begun, and that the new graph doesn't have or gives another
    /// input.
    private var lostGraph: String? {
        for node in old.nodes where node.body != nil && hasBegun(node) {
            guard let other = new.node(node.id), other.kind == node.kind, other.body != nil else {
                return "\(prefix)\(node.id) has results, and the new graph doesn't have it"
            }
            if before.sources(of: node.id) != after.sources(of: node.id) {
                return "\(prefix)\(node.id) has results, and its input now comes from another node"
            }
        }
        return nil
    }

    /// A branch whose choice the new graph doesn't have. A branch never chooses again, so the task would fail.
    private var lostLabel: String? {
        for node in new.nodes where node.kind == .branch && hasResult(node.id) {
            guard let label = task.steps[prefix + node.id]?.label else {
                return "the step \(prefix)\(node.id) is now a branch, and its result has no label"
            }
            if new.node("\(node.id)=\(label)") == nil {
                return "the branch \(prefix)\(node.id) chose the label \(label), which the new graph doesn't have"
            }
        }
        return nil
    }

    /// A step that would run before a finished one.
    private func lateStep(isOver: Bool) -> String? {
        for node in new.nodes where hasBegun(node) {
            for id in after.ancestors(of: node.id).sorted() where mayRun(id) {
                // A node before the finished one that has no result was skipped, and stays skipped.
                if before.ancestors(of: node.id).contains(id), same.contains(id) { continue }
                return "the finished step \(prefix)\(node.id) now comes after \(prefix)\(id), which hasn't run"
            }
        }
        guard isOver, let late = new.nodes.first(where: { mayRun($0.id) && !same.contains($0.id) }) else { return nil }
        return "the step \(prefix)\(late.id) hasn't run, and a step after its graph is finished"
    }

    /// Returns a conflict in a sub-DAG or in the graph of an element.
    private func innerConflict(isOver: Bool) -> String? {
        var finished: Set<String> = []
        for node in new.nodes where hasBegun(node) { finished.formUnion(after.ancestors(of: node.id)) }
        for node in new.nodes {
            guard let body = node.body, let oldBody = old.node(node.id)?.body, body != oldBody else { continue }
            let isOver = isOver || finished.contains(node.id)
            let scopes = scopes(of: node)
            if isOver, scopes.isEmpty, !oldBody.hasSteps, body.hasSteps {
                return "\(prefix)\(node.id) now has steps, and a step after it is finished"
            }
            for scope in scopes {
                if oldBody.endsWithOutput, node.kind == .iterator, task.steps[scope + oldBody.output]?.result != nil {
                    // The element has ended, and its other steps are forgotten.
                    guard body.hasEnd(of: oldBody) else {
                        return "the element \(scope.dropLast()) has ended, and its new graph has another end"
                    }
                } else if let reason = ScopeChange(oldBody, body, scope, task, begun).conflict(isOver: isOver) {
                    return reason
                }
            }
        }
        return nil
    }

    private func hasResult(_ id: String) -> Bool { task.steps[prefix + id]?.result != nil }

    /// Whether a node or a step of its graph has a result.
    private func hasBegun(_ node: GraphShape.Node) -> Bool {
        guard node.body != nil else { return node.kind.isJournaled && hasResult(node.id) }
        let path = prefix + node.id
        return node.kind == .dag ? begun.hasGraph(at: path) : !begun.elements(of: path).isEmpty
    }

    /// Whether a step after a sub-DAG or an iterator is finished, so that all steps of that graph have ended.
    private func isOver(_ id: String) -> Bool {
        old.nodes.contains { before.ancestors(of: $0.id).contains(id) && hasBegun($0) }
    }

    /// Whether a node of the new graph has steps that haven't ended.
    private func mayRun(_ id: String) -> Bool {
        guard let node = new.node(id), node.kind != .handler else { return false }
        if let body = node.body { return body.hasSteps && !(hasBegun(node) && isOver(id)) }
        return node.kind.isJournaled && !hasResult(id) && task.steps[prefix + id]?.hasFailed != true
    }

    /// Returns the prefixes of the paths in a node's graph that have results.
    private func scopes(of node: GraphShape.Node) -> [String] {
        let path = prefix + node.id
        if node.kind == .dag { return begun.hasGraph(at: path) ? [path + "/"] : [] }
        return begun.elements(of: path).map { "\(path)[\($0)]/" }.sorted()
    }
}

/// The ancestors of each node of a shape, by id.
private struct Ancestry {
    private var sets: [String: Set<String>] = [:]
    private var sources: [String: Set<String>] = [:]

    init(_ shape: GraphShape) {
        for node in shape.nodes {
            var set: Set<String> = []
            var source: Set<String> = []
            for parent in node.parents + [node.handles].compactMap({ $0 }) {
                set.insert(parent)
                set.formUnion(sets[parent] ?? [])
                let passesOn = [.label, .merge].contains(shape.node(parent)?.kind)
                source.formUnion(passesOn ? sources[parent] ?? [] : [parent])
            }
            sets[node.id] = set
            sources[node.id] = source
        }
    }

    func ancestors(of id: String) -> Set<String> { sets[id] ?? [] }

    /// Returns the nodes whose values a node takes, directly or through labels and merges.
    func sources(of id: String) -> Set<String> { sources[id] ?? [] }
}

extension GraphShape {
    fileprivate func node(_ id: String) -> Node? { nodes.first { $0.id == id } }

    /// Whether this graph or a graph in it has nodes whose results are in the journal.
    fileprivate var hasSteps: Bool { nodes.contains { $0.kind.isJournaled || $0.body?.hasSteps == true } }

    /// Whether an element has ended as soon as its output has a result; see ``Plan/endsWithOutput``.
    fileprivate var endsWithOutput: Bool {
        guard let end = node(output), end.kind.isJournaled, end.kind != .timer else { return false }
        return Ancestry(self).ancestors(of: output).count == nodes.count - 1 && nodes.allSatisfy { $0.body == nil }
    }

    /// Whether an element that has ended by an older version of its graph has also ended by this version.
    fileprivate func hasEnd(of old: GraphShape) -> Bool { endsWithOutput && output == old.output }
}

extension GraphShape {
    /// Returns the paths whose results a retry discards.
    ///
    /// - Parameters:
    ///   - path: The first step to run again. Nil for those that failed, that the graph has, and after which the task doesn't continue.
    ///   - task: The task.
    ///   - named: Steps that must not run twice, and that may run again without being the first. A name stands for everything below it.
    /// - Throws: `unknownNode` if the graph has no such step, `wrongState` if, without a first step, steps aren't named that must not run
    ///   twice, that have begun and not failed, and that would run again.
    package func paths(
        toRetry path: String?, of task: TaskJournal, dropping named: Set<String> = []
    ) throws(FlowError) -> [String] {
        if let path {
            guard let paths = paths(dependingOn: element(around: path, endedIn: task) ?? path) else {
                throw FlowError(
                    .unknownNode,
                    "The graph has no step \(path). `wal flow show` has the task's steps with their paths.")
            }
            return paths
        }
        let failed = Set(task.steps.filter { $0.value.hasFailed && !passesOver(failureAt: $0.key[...]) }.keys)
        // Many failed elements have the same nodes after them.
        var known: Set<String> = []
        let void = failed.sorted().flatMap { paths(dependingOn: $0) ?? [] }.filter { known.insert($0).inserted }
        let again = begunOnce(within: known, of: task).subtracting(failed).filter { !StepPath.isWithin($0, named) }
        guard again.isEmpty else {
            throw FlowError(
                .wrongState,
                "The retry would run steps of the task \(task.id) again that must not run twice: \(again.sorted().joined(separator: ", ")). Name the first step to run again, or accept the new graph and name each of these."
            )
        }
        return void
    }

    /// The steps within some paths that must not run twice, and that have begun. Handlers don't count: they only run again after another
    /// failure.
    private func begunOnce(within paths: Set<String>, of task: TaskJournal) -> Set<String> {
        var begun: Set<String> = []
        for (path, step) in task.steps where step.attempt > 0 && StepPath.isWithin(path, paths) {
            if let node = node(at: path), node.once == true, node.kind != .handler { begun.insert(path) }
            if step.result != nil { begun.formUnion(forgotten(endingAt: path, in: task)) }
        }
        return begun
    }

    /// The steps that must not run twice of an element that has ended, which its journal has forgotten.
    ///
    /// - Parameters:
    ///   - path: The path of a result. Only that of an element's output gives any.
    ///   - task: The task.
    fileprivate func forgotten(endingAt path: String, in task: TaskJournal) -> [String] {
        guard let slash = path.lastIndex(of: "/"), let bracket = path[..<slash].lastIndex(of: "["),
            let body = node(at: path[..<bracket])?.body, path[slash...].dropFirst() == body.output,
            body.endsWithOutput
        else { return [] }
        let once = body.nodes.filter { $0.once == true && $0.id != body.output }
        return once.map { path[...slash] + $0.id }.filter { task.steps[$0] == nil }
    }

    /// Whether a task continues after the failure of a step: an optional one, or one of an element that is a result as it failed.
    fileprivate func passesOver(failureAt path: Substring) -> Bool {
        let id = path.prefix { $0 != "/" && $0 != "[" }
        guard let node = nodes.first(where: { $0.id == id }) else { return false }
        guard let slash = path.firstIndex(of: "/") else { return node.optional == true }
        let rest = path[path.index(after: slash)...]
        return node.collects == true || node.body?.passesOver(failureAt: rest) == true
    }

    /// Returns the paths whose results depend on a step, beginning with the step itself. A path also stands for all
    /// paths under it.
    ///
    /// - Returns: The paths; nil if the graph has no such step.
    package func paths(dependingOn path: String) -> [String]? {
        paths(dependingOn: path[...], prefix: "")
    }

    private func paths(dependingOn rest: Substring, prefix: String) -> [String]? {
        let end = rest.firstIndex { $0 == "/" || $0 == "[" } ?? rest.endIndex
        let id = String(rest[..<end])
        guard let node = nodes.first(where: { $0.id == id }) else { return nil }
        var paths: [String] = [prefix + rest]
        if end != rest.endIndex {
            guard let body = node.body, node.kind != .iterator || StepPath.hasElement(rest[end...]) else { return nil }
            if let slash = rest[end...].firstIndex(of: "/") {
                let start = rest.index(after: slash)
                guard let inner = body.paths(dependingOn: rest[start...], prefix: prefix + rest[..<start]) else {
                    return nil
                }
                paths = inner
            } else if rest.last != "]" {
                // Only the path of a whole element ends here.
                return nil
            }
        }
        let ancestry = Ancestry(self)
        return paths + nodes.filter { ancestry.ancestors(of: $0.id).contains(id) }.map { prefix + $0.id }
    }

    /// Returns the path of the outermost element around a step whose output has a result, such as `lines[3]`. The
    /// journal has forgotten the other steps of such an element.
    package func element(around path: String, endedIn task: TaskJournal) -> String? {
        var (shape, rest) = (self, path[...])
        while let end = rest.firstIndex(where: { $0 == "/" || $0 == "[" }),
            let slash = rest[end...].firstIndex(of: "/"),
            let body = shape.nodes.first(where: { $0.id == rest[..<end] })?.body
        {
            if rest[end] == "[", task.steps["\(path[...slash])\(body.output)"]?.result != nil {
                return String(path[..<slash])
            }
            (shape, rest) = (body, rest[rest.index(after: slash)...])
        }
        return nil
    }
}
