internal import WAL

/// The walk of one task along its graph: which steps are ready, and what the task's end is.
///
/// Its decisions depend only on a ``TaskJournal`` and a ``Plan``, with no clock and no concurrency. A restart makes a
/// new walk from the journal, which takes results from the journal instead of running their steps. The owner calls the
/// walk under the lock of the task.
struct Execution {
    enum Outcome {
        /// Every node has ended. The value is nil if the output was skipped.
        case completed(StepValue?)
        case failed(FlowFailure)
    }

    private enum Work {
        case complete(Scope, Int, StepValue)
        case skip(Scope, Int)
        case evaluate(Scope, Int)
        /// Close a scope in which all nodes have ended.
        case close(Scope)
        /// Begin elements of an iterator as long as its window has space.
        case advance(Scope, Int)
        case endElement(Scope.Place, PlanNode.Outcome)
    }

    let root: Scope
    private var work: [Work] = []
    /// The steps, waits and timers that the owner must begin next.
    private var ready: [StepPlace] = []
    /// The first final failure. After it, only handlers begin.
    private(set) var failure: FlowFailure?
    /// The failures that a journal leads to, with their times, while the walk takes its results. Steps that ran when the task failed may have
    /// failed, too, and all of them have their handlers.
    private var pastFailures: [(time: Timestamp, failure: FlowFailure)]?
    /// The failures among them that end an element instead of the task. The first one of an element counts.
    private var pastElementFailures: [(time: Timestamp, place: Scope.Place, failure: FlowFailure)] = []
    private(set) var isFinished = false
    /// The number of steps that the walk has handed out and that haven't ended.
    private var activeCount = 0
    /// The number of handlers among them.
    private var activeHandlerCount = 0

    init(_ plan: Plan) {
        root = Scope(plan, prefix: "", in: nil)
    }

    /// Returns the end of the task; nil if the task hasn't ended.
    ///
    /// - Parameter isRunning: Whether a step is running. A task that fails waits for that, and not for steps that were
    ///   handed out and won't begin.
    func outcome(isRunning: Bool) -> Outcome? {
        if let failure { return isRunning || activeHandlerCount > 0 ? nil : .failed(failure) }
        guard activeCount == 0, isFinished else { return nil }
        if case .done(let value) = root.nodes[root.plan.output] { return .completed(value) }
        return .completed(nil)
    }

    /// Whether a step belongs to this walk, and not to a walk before a retry.
    func has(_ step: StepPlace) -> Bool { step.scope.root === root }

    // MARK: Events

    /// Begins with the task's input, and takes every result and failure that the journal has. After a failure, only handlers are left to
    /// begin.
    mutating func start(input: StepValue, _ journal: inout TaskJournal) -> [StepPlace] {
        work.append(.complete(root, 0, input))
        pastFailures = []
        let ready = run(&journal)
        failure = pastFailures?.min { $0.time < $1.time }?.failure
        pastFailures = nil
        guard failure != nil else { return ready }
        return ready.filter { step in
            if step.plan.kind.isHandler { return true }
            takeBack(step)
            return false
        }
    }

    /// Continues after a step's result, which the journal already has.
    mutating func complete(_ step: StepPlace, _ value: StepValue, _ journal: inout TaskJournal) -> [StepPlace] {
        guard !step.hasEnded else { return [] }
        takeBack(step)
        if step.plan.kind.isHandler {
            step.scope.nodes[step.node] = .done(value)
            return []
        }
        work.append(.complete(step.scope, step.node, value))
        return run(&journal)
    }

    /// Continues after a step's final failure, which the journal already has.
    mutating func fail(_ step: StepPlace, _ message: String, _ journal: inout TaskJournal) -> [StepPlace] {
        guard !step.hasEnded else { return [] }
        takeBack(step)
        fail(step.scope, step.node, message, journal)
        return run(&journal)
    }

    /// Whether a step that was handed out may still begin.
    func mayBegin(_ step: StepPlace) -> Bool {
        !step.hasEnded && (failure == nil || step.plan.kind.isHandler)
    }

    /// Takes back a step that was handed out: it has ended, or won't run because the task fails.
    mutating func takeBack(_ step: StepPlace) {
        count(step, -1)
    }

    // MARK: Walking

    private mutating func run(_ journal: inout TaskJournal) -> [StepPlace] {
        var next = 0
        repeat {
            while next < work.count {
                defer { next += 1 }
                switch work[next] {
                case .complete(let scope, let node, let value): complete(scope, node, value, &journal)
                case .skip(let scope, let node): end(scope, node, .skipped)
                case .evaluate(let scope, let node): evaluate(scope, node, &journal)
                case .close(let scope): close(scope, &journal)
                case .advance(let scope, let node): advance(scope, node, &journal)
                case .endElement(let place, let outcome): endElement(place, outcome, journal)
                }
            }
            endPastElements()
        } while next < work.count
        defer {
            ready = []
            work.removeAll(keepingCapacity: work.count < 64)
        }
        return ready
    }

    private mutating func complete(_ scope: Scope, _ node: Int, _ value: StepValue, _ journal: inout TaskJournal) {
        if case .branch(_, let labels) = scope.plan.nodes[node].kind, let label = value.label, !labels.contains(label) {
            return fail(scope, node, FlowError.unknownLabel(label, labels).description, journal)
        }
        end(scope, node, .done(value))
    }

    private mutating func end(_ scope: Scope, _ node: Int, _ status: Scope.Status) {
        guard !scope.nodes[node].isEnded else { return }
        scope.nodes[node] = status
        scope.openCount -= 1
        if scope.openCount == 0 { work.append(.close(scope)) }
        for child in scope.plan.children[node] {
            scope.missing[child] -= 1
            if scope.missing[child] == 0 { work.append(.evaluate(scope, child)) }
        }
    }

    private mutating func evaluate(_ scope: Scope, _ index: Int, _ journal: inout TaskJournal) {
        let node = scope.plan.nodes[index]
        guard failure == nil, !scope.nodes[index].isEnded else { return }
        if case .merge(let combination) = node.kind { return merge(scope, index, combination, journal) }
        if node.parents.contains(where: { if case .skipped = scope.nodes[$0] { true } else { false } }) {
            return work.append(.skip(scope, index))
        }
        switch node.kind {
        case .input, .merge, .handler: return
        case .label(let label):
            guard case .done(let chosen) = scope.nodes[node.parents[0]], chosen.label == label,
                case .done(let value) = scope.nodes[node.parents[1]]
            else { return work.append(.skip(scope, index)) }
            pass(value, of: node.parents[1], to: index, in: scope, journal)
        case .step, .branch, .wait, .timer:
            begin(scope, index, journal)
        case .dag(let plan):
            scope.nodes[index] = .active
            let inner = Scope(
                plan, prefix: scope.path(of: index) + "/", in: Scope.Place(scope: scope, node: index, element: nil))
            guard case .done(let value) = scope.nodes[node.parents[0]] else { return }
            pass(value, of: node.parents[0], to: 0, in: inner, from: scope, journal)
        case .iterator(let iteration):
            scope.nodes[index] = .active
            do {
                let elements = try iteration.elements(try scope.value(of: node.parents[0]))
                scope.iterations[index] = IterationRun(elements)
                work.append(.advance(scope, index))
            } catch {
                fail(scope, index, "\(error)", journal)
            }
        }
    }

    private mutating func merge(
        _ scope: Scope, _ index: Int, _ combination: PlanNode.Combination?, _ journal: TaskJournal
    ) {
        let done = scope.plan.nodes[index].parents.filter { if case .done = scope.nodes[$0] { true } else { false } }
        guard let first = done.first, case .done(let value) = scope.nodes[first] else {
            return work.append(.skip(scope, index))
        }
        guard let combination else { return pass(value, of: first, to: index, in: scope, journal) }
        do {
            let values = try done.map { (id: scope.plan.nodes[$0].id, value: try scope.value(of: $0)) }
            work.append(.complete(scope, index, StepValue(live: try combination(values))))
        } catch {
            fail(scope, index, "\(error)", journal)
        }
    }

    /// Completes a node with the unchanged value of a parent.
    private mutating func pass(
        _ value: StepValue, of parent: Int, to node: Int, in scope: Scope, from source: Scope? = nil,
        _ journal: TaskJournal
    ) {
        do {
            let live = try value.decoded(by: (source ?? scope).plan.nodes[parent])
            // The bytes aren't passed between a graph and its sub-DAG, which may have different coders.
            work.append(.complete(scope, node, StepValue(bytes: source == nil ? value.bytes : nil, live: live)))
        } catch {
            fail(scope, node, "\(error)", journal)
        }
    }

    private mutating func begin(_ scope: Scope, _ index: Int, _ journal: TaskJournal) {
        let node = scope.plan.nodes[index]
        let journaled = journal.steps[scope.path(of: index)]
        if let bytes = journaled?.result {
            // A timer passes its parent's value on. The label of a branch is its whole decision.
            if case .timer = node.kind, case .done(let value) = scope.nodes[node.parents[0]] {
                return pass(value, of: node.parents[0], to: index, in: scope, journal)
            }
            return work.append(.complete(scope, index, StepValue(bytes: bytes, label: journaled?.label)))
        }
        if let journaled, journaled.hasFailed {
            return fail(scope, index, journaled.error ?? "", journal)
        }
        scope.nodes[index] = .active
        hand(out: StepPlace(scope, index))
    }

    private mutating func hand(out step: StepPlace) {
        count(step, 1)
        ready.append(step)
    }

    private mutating func count(_ step: StepPlace, _ change: Int) {
        if step.isWait { return }
        activeCount += change
        if step.plan.kind.isHandler { activeHandlerCount += change }
    }

    private mutating func close(_ scope: Scope, _ journal: inout TaskJournal) {
        guard let place = scope.place else {
            isFinished = true
            return
        }
        let output: StepValue? = if case .done(let value) = scope.nodes[scope.plan.output] { value } else { nil }
        guard place.element != nil else {
            guard let output else { return work.append(.skip(place.scope, place.node)) }
            return pass(output, of: scope.plan.output, to: place.node, in: place.scope, from: scope, journal)
        }
        // After the failure of an optional output, for example, the journal has no result of the output. Then a restart
        // needs the other steps.
        if scope.plan.endsWithOutput, journal.steps[scope.path(of: scope.plan.output)]?.result != nil {
            journal.forget(scope.plan, under: scope.prefix)
        }
        guard let output else {
            let failure = FlowFailure(
                path: String(scope.prefix.dropLast()),
                message: "The output was skipped. Merge the ways of a branch, so that each element has an output.")
            return work.append(.endElement(place, .failure(failure)))
        }
        do {
            let value = try output.decoded(by: scope.plan.nodes[scope.plan.output])
            work.append(.endElement(place, .success(value)))
        } catch {
            fail(scope, scope.plan.output, "\(error)", journal)
        }
    }

    // MARK: Iterators

    private mutating func advance(_ scope: Scope, _ index: Int, _ journal: inout TaskJournal) {
        guard case .iterator(let iteration) = scope.plan.nodes[index].kind, let run = scope.iterations[index] else {
            return
        }
        let path = scope.path(of: index)
        let body = iteration.body
        while run.next < run.elements.count, run.openCount < iteration.window, failure == nil {
            let element = run.next
            run.next += 1
            let prefix = StepPath.element(element, of: path)
            let output = body.nodes[body.output]
            if body.endsWithOutput, let bytes = journal.steps[prefix + output.id]?.result {
                do {
                    run.outcomes[element] = .success(try StepValue(bytes: bytes).decoded(by: output))
                } catch {
                    return fail(scope, index, "\(error)", journal)
                }
                journal.forget(body, under: prefix)
                run.doneCount += 1
                continue
            }
            run.openCount += 1
            let inner = Scope(body, prefix: prefix, in: Scope.Place(scope: scope, node: index, element: element))
            work.append(.complete(inner, 0, StepValue(live: run.elements[element])))
        }
        guard run.doneCount == run.elements.count else { return }
        scope.iterations[index] = nil
        do {
            let outcomes = run.outcomes.compactMap { $0 }
            work.append(.complete(scope, index, StepValue(live: try iteration.collect(outcomes))))
        } catch {
            fail(scope, index, "\(error)", journal)
        }
    }

    private mutating func endElement(
        _ place: Scope.Place, _ outcome: PlanNode.Outcome, _ journal: TaskJournal
    ) {
        guard let element = place.element, let run = place.scope.iterations[place.node],
            case .iterator(let iteration) = place.scope.plan.nodes[place.node].kind, run.outcomes[element] == nil
        else { return }
        if case .failure(let failure) = outcome, !iteration.collectsFailures {
            return fail(place.scope, place.node, failure.message, journal)
        }
        run.outcomes[element] = outcome
        run.openCount -= 1
        run.doneCount += 1
        work.append(.advance(place.scope, place.node))
    }

    // MARK: Failing

    private mutating func fail(_ scope: Scope, _ index: Int, _ message: String, _ journal: TaskJournal) {
        let node = scope.plan.nodes[index]
        // An optional node that is done fails if its value can't be decoded.
        if let absent = node.absent, !scope.nodes[index].isEnded {
            return end(scope, index, .done(StepValue(live: absent())))
        }
        let failure = FlowFailure(path: scope.path(of: index), message: message)
        guard !node.kind.isHandler else {
            scope.nodes[index] = .failed(failure)
            return
        }
        // The node fails. The sub-DAGs and iterators around it fail too, up to an iterator that collects failures.
        var (scope, index) = (scope, index)
        while true {
            scope.nodes[index] = .failed(failure)
            handOutHandlers(of: index, in: scope, journal)
            guard let place = scope.place else {
                // A failure without a time in the journal, such as that of an iterator's elements, follows from results.
                pastFailures?.append((Self.time(of: failure, journal), failure))
                if pastFailures == nil { self.failure = self.failure ?? failure }
                return
            }
            guard place.element != nil, case .iterator(let iteration) = place.scope.plan.nodes[place.node].kind,
                iteration.collectsFailures
            else {
                (scope, index) = (place.scope, place.node)
                continue
            }
            guard pastFailures == nil else {
                return pastElementFailures.append((Self.time(of: failure, journal), place, failure))
            }
            return work.append(.endElement(place, .failure(failure)))
        }
    }

    /// Ends the elements that the journal has as failed, each with the failure that came first. A step after the
    /// iterator may have taken it already.
    private mutating func endPastElements() {
        guard !pastElementFailures.isEmpty else { return }
        for past in pastElementFailures.sorted(by: { $0.time < $1.time }) {
            work.append(.endElement(past.place, .failure(past.failure)))
        }
        pastElementFailures = []
    }

    private static func time(of failure: FlowFailure, _ journal: TaskJournal) -> Timestamp {
        journal.steps[failure.path]?.time ?? Timestamp(rawValue: .max)
    }

    private mutating func handOutHandlers(of index: Int, in scope: Scope, _ journal: TaskJournal) {
        for (handler, node) in scope.plan.nodes.enumerated() {
            guard case .handler(of: index, _) = node.kind, case .blocked = scope.nodes[handler] else { continue }
            let known = journal.steps[scope.path(of: handler)]
            guard known?.result == nil, known?.hasFailed != true else { continue }
            scope.nodes[handler] = .active
            hand(out: StepPlace(scope, handler))
        }
    }

    // MARK: Inputs

    /// Returns the inputs of a step.
    func inputs(of step: StepPlace) throws -> [any Sendable] {
        if case .handler(let index, _) = step.plan.kind {
            guard case .failed(let failure) = step.scope.nodes[index] else { return [] }
            return [failure]
        }
        return try step.plan.parents.map { try step.scope.value(of: $0) }
    }
}

extension TaskJournal {
    /// Forgets the steps of an element whose output has a result.
    fileprivate mutating func forget(_ plan: Plan, under prefix: String) {
        for (index, node) in plan.nodes.enumerated() where index != plan.output && node.kind.isJournaled {
            forget(prefix + node.id)
        }
    }
}

extension FlowError {
    static func unknownLabel(_ label: String, _ labels: [String]) -> FlowError {
        FlowError(
            .unknownLabel,
            "The branch chose the label \"\(label)\", and no node follows it. The labels are: \(labels.joined(separator: ", "))."
        )
    }
}
