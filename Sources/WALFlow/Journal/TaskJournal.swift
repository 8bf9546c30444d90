package import WAL

/// The state of one task, according to its records. It alone defines the meaning of a record, for a running program,
/// for recovery and for tools.
///
/// It needs no graph. A record that was already applied changes nothing, so records may be read twice.
package struct TaskJournal: Hashable, Sendable {
    /// A step of the task.
    package struct Step: Hashable, Sendable {
        /// The number of the last attempt that has ended. For a step that must not run twice, the number of the last
        /// attempt that has begun.
        package var attempt: UInt32 = 0
        /// Whether an attempt has begun whose end isn't known. It is true only for steps that must not run twice.
        package var hasStarted = false
        package var result: [UInt8]?
        package var label: String?
        /// The error of the last failed attempt.
        package var error: String?
        /// Whether the last failure was final.
        package var hasFailed = false
        package var retryAt: Timestamp?
        package var time: Timestamp?
        package var wait: Wait?
        package var memos: [String: [UInt8]] = [:]

        fileprivate var attemptsFailed: UInt32 { hasStarted ? attempt - 1 : attempt }
    }

    package struct Wait: Hashable, Sendable {
        package var signal: String?
        package var due: Timestamp?
    }

    package struct Signal: Hashable, Sendable {
        package var path: String
        package var id: String
        package var payload: [UInt8]
    }

    package let id: String
    /// The beginning of the task; nil if damage took it from the log.
    package private(set) var beginning: FlowRecord.Beginning?
    /// The fields that continue the trace of the task's beginning.
    package private(set) var trace: [String: String] = [:]
    package private(set) var steps: [String: Step] = [:]
    private var pending = PendingSignals()
    /// The ids of all signals, so that a repeated signal is ignored.
    private var signalIDs: Set<String> = []
    /// The last control of each action that still has an effect, without the paths that it made void.
    private var controls: [FlowRecord.Control] = []
    package private(set) var isPaused = false
    /// The hash of the graph with which the task continues: the graph of its beginning, or the last one that a person
    /// accepted or that a start found to fit.
    package private(set) var graph: UInt64 = 0
    package private(set) var resumedCount: UInt32 = 0
    /// The number of failed attempts of all steps.
    package private(set) var retryCount: Int32 = 0
    package private(set) var end: FlowRecord.Ending?
    package private(set) var isDelivered = false
    /// The reason why the last program with the task didn't continue it, according to the task's last row. It is nil
    /// after a person has let the task continue.
    package private(set) var parked: String?
    /// Whether people still see the row of a parked task.
    package private(set) var isShownParked = false

    package init(id: String) {
        self.id = id
    }

    /// The signals that no wait has taken yet, in order.
    package var signals: [Signal] { pending.all }

    /// Returns the first signal for a wait; nil if there is none that no wait has taken.
    func firstSignal(at path: String) -> Signal? { pending.first(at: path) }

    private var lastControl: UInt32 { controls.last?.number ?? 0 }

    /// The number of the last control that lets steps run again whose attempts the journal has forgotten; 0 without
    /// such a control.
    var lastRestart: UInt32 {
        controls.last {
            $0.action == .retry || $0.action == .accept && $0.reason != FlowRecord.Control.reasonOfStart
        }?.number ?? 0
    }

    /// The number of the next control.
    package var nextControl: UInt32 { lastControl.adding(1) }

    /// Returns a control of the task. Its number follows those of `count` other new controls.
    package func control(
        _ action: FlowRecord.Control.Action, after count: Int = 0, paths: [String] = [], graph: UInt64 = 0,
        reason: String? = nil, at time: Timestamp
    ) -> FlowRecord.Event {
        .control(
            FlowRecord.Control(
                number: nextControl.adding(count), action: action, time: time, paths: paths, graph: graph,
                reason: reason))
    }

    /// Returns the number of a step's next attempt.
    package func nextAttempt(of path: String) -> UInt32 { (steps[path]?.attempt ?? 0).adding(1) }

    /// Takes the reason why the task is parked from the state in one of its rows. ``processingState(parked:)`` makes
    /// such a state.
    package mutating func note(processingState: String?) {
        let start = Self.processingState(parked: "")
        parked = processingState.flatMap { $0.hasPrefix(start) ? String($0.dropFirst(start.count)) : nil }
        isShownParked = parked != nil
    }

    package static func processingState(parked reason: String) -> String { "parked: \(reason)" }

    package mutating func apply(_ event: FlowRecord.Event) {
        switch event {
        case .graph, .emit: break
        case .begin(let start):
            guard beginning == nil else { return }
            // A checkpoint's copy of the task begins here, and is complete. Otherwise, the earlier records are of
            // another task with this id, whose beginning the log has lost.
            self = TaskJournal(id: id)
            beginning = start
            graph = start.graph
        case .trace(let fields): if trace.isEmpty { trace = fields }
        case .result(let path, let attempt, let time, let label, let bytes):
            apply(result: bytes, label: label, path, attempt, time)
        case .failure(let path, let attempt, let time, let error, let retryAt):
            apply(failure: error, retryAt, path, attempt, time)
        case .started(let path, let attempt):
            guard end == nil, attempt > steps[path]?.attempt ?? 0 else { return }
            steps[path, default: Step()].attempt = attempt
            steps[path]?.hasStarted = true
        case .wait(let path, let signal, let due):
            guard end == nil, steps[path]?.wait == nil, steps[path]?.result == nil else { return }
            steps[path, default: Step()].wait = Wait(signal: signal, due: due)
        case .signal(let path, let id, let payload):
            // A checkpoint writes an id that is used up as a signal without a path.
            guard end == nil, signalIDs.insert(id).inserted, !path.isEmpty else { return }
            pending.append(Signal(path: path, id: id, payload: payload))
        case .control(let control): apply(control)
        case .resumed(let count): resumedCount = max(resumedCount, count)
        case .end(let ending):
            guard end == nil else { return }
            end = ending
            parked = nil
        case .delivered: isDelivered = end != nil
        case .memo(let path, let name, let bytes):
            guard end == nil, steps[path]?.memos[name] == nil else { return }
            steps[path, default: Step()].memos[name] = bytes
        }
    }

    private mutating func apply(
        result: [UInt8], label: String?, _ path: String, _ attempt: UInt32, _ time: Timestamp
    ) {
        // After the end of the task, for example by a cancellation, no result counts.
        guard end == nil, steps[path]?.result == nil, steps[path]?.hasFailed != true else { return }
        var step = steps[path] ?? Step()
        countRetries(Int64(attempt) - 1 - Int64(step.attemptsFailed))
        // A signal may come before the record of its wait. The wait makes a checkpoint keep the signal's id.
        if step.wait == nil, let label, pending.has(label, at: path) {
            step.wait = Wait(signal: path)
        }
        step.result = result
        step.label = label
        step.attempt = attempt
        step.time = time
        step.hasStarted = false
        step.error = nil
        step.retryAt = nil
        step.memos = [:]
        steps[path] = step
        if step.wait?.signal != nil, let label {
            signalIDs.insert(label)
            pending.remove(label)
        }
        resumedCount = 0
    }

    private mutating func apply(
        failure error: String, _ retryAt: Timestamp?, _ path: String, _ attempt: UInt32, _ time: Timestamp
    ) {
        var step = steps[path] ?? Step()
        // An attempt can fail only once. An attempt that is known to have started already has its number in the step.
        let isNew = attempt > step.attempt || (step.hasStarted && attempt == step.attempt)
        guard end == nil, isNew, step.result == nil, !step.hasFailed else { return }
        countRetries(Int64(attempt) - Int64(step.attemptsFailed))
        step.attempt = attempt
        step.hasStarted = false
        step.error = error
        step.hasFailed = retryAt == nil
        step.retryAt = retryAt
        step.time = time
        steps[path] = step
        resumedCount = 0
    }

    private mutating func countRetries(_ count: Int64) {
        retryCount = Int32(clamping: Int64(retryCount) + count)
    }

    private mutating func apply(_ control: FlowRecord.Control) {
        guard control.number > lastControl else { return }
        keep(control)
        switch control.action {
        case .pause: isPaused = true
        case .resume: isPaused = false
        case .accept:
            graph = control.graph
            parked = nil
        case .retry:
            parked = nil
            let paths = Set(control.paths)
            steps = steps.filter { !StepPath.isWithin($0.key, paths) }
            resumedCount = 0
            end = nil
            isDelivered = false
        }
    }

    private mutating func keep(_ control: FlowRecord.Control) {
        let replaced: [FlowRecord.Control.Action] =
            switch control.action {
            case .pause, .resume: [.pause, .resume]
            case .retry, .accept: [control.action]
            }
        // An accept by a start replaces no other accept, after which attempts are forgotten.
        let isByStart = control.reason == FlowRecord.Control.reasonOfStart
        controls.removeAll { replaced.contains($0.action) && (!isByStart || $0.reason == control.reason) }
        var kept = control
        kept.paths = []
        controls.append(kept)
    }

    /// Forgets a step that no other step can need.
    package mutating func forget(_ path: String) {
        steps[path] = nil
    }

    /// The records that give this state, for a checkpoint. Records of earlier graphs and of forgotten steps are left
    /// out.
    package var records: [FlowRecord.Event] {
        guard let beginning else { return [] }
        var events: [FlowRecord.Event] = [.begin(beginning)]
        if !trace.isEmpty { events.append(.trace(fields: trace)) }
        events += controls.map(FlowRecord.Event.control)
        for signal in signals { events.append(.signal(path: signal.path, id: signal.id, payload: signal.payload)) }
        for id in usedSignalIDs.sorted() { events.append(.signal(path: "", id: id, payload: [])) }
        for (path, step) in steps.sorted(by: { $0.key < $1.key }) { events += Self.events(path, step) }
        if resumedCount > 0 { events.append(.resumed(count: resumedCount)) }
        if let end { events.append(.end(end)) }
        return events
    }

    /// The ids of signals that waits took whose results the task no longer has, after a retry or the end of an element.
    private var usedSignalIDs: Set<String> {
        guard !signalIDs.isEmpty else { return [] }
        let taken = steps.values.lazy.filter { $0.wait?.signal != nil }.compactMap(\.label)
        return signalIDs.subtracting(signals.map(\.id)).subtracting(taken)
    }

    private static func events(_ path: String, _ step: Step) -> [FlowRecord.Event] {
        var events: [FlowRecord.Event] = []
        let time = step.time ?? Timestamp(rawValue: 0)
        if let wait = step.wait { events.append(.wait(path: path, signal: wait.signal, due: wait.due)) }
        for (name, bytes) in step.memos.sorted(by: { $0.key < $1.key }) {
            events.append(.memo(path: path, name: name, bytes: bytes))
        }
        if let result = step.result {
            events.append(.result(path: path, attempt: step.attempt, time: time, label: step.label, bytes: result))
        } else if step.hasStarted {
            events.append(.started(path: path, attempt: step.attempt))
        } else if let error = step.error {
            events.append(
                .failure(path: path, attempt: step.attempt, time: time, error: error, retryAt: step.retryAt))
        }
        return events
    }
}

extension UInt32 {
    /// Returns the sum of the number and a count, but at most the largest number, which only a forged record has.
    fileprivate func adding(_ count: Int) -> UInt32 { UInt32(clamping: Int64(self) + Int64(count)) }
}
