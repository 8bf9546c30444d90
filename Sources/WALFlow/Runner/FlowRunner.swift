public import Logging
public import ServiceLifecycle
internal import WAL
public import WALTasks

/// The runner of durable DAGs on a buffered task storage.
///
/// Each result of a step is in the storage's log before a step after it begins. So a restart continues where the
/// process ended: finished steps don't run again, and unfinished steps do. This needs only the log, not the store. The
/// store's rows and activities show the tasks to people.
///
/// A runner starts when it is made. In a service group, add it after the storage, so that it ends before the storage.
/// Elsewhere, call ``close()``. A storage has at most one runner.
public final class FlowRunner: Service {
    /// A function that gets the end of each task, at least once, before the task is forgotten. If it throws, the runner
    /// calls it again later.
    public typealias Callback = @Sendable (FlowResult) async throws -> Void

    let storage: any FlowStorage
    let dags: DAGTable
    let configuration: FlowConfiguration
    let clock: FlowClock
    /// The clock of timeouts, and of the pauses between two calls of the final callback.
    let steady: FlowClock
    let events: FlowLog
    let callback: Callback?
    let tracing: FlowTracing
    let scheduler: Scheduler
    /// The queue of retries and waits. It uses the wall clock, because the journal contains their times.
    let timers: TimerQueue
    let timeouts: TimerQueue
    let table = TaskTable()
    let ids = TaskIDs()
    let life = RunnerLife()
    let checkpoint = Checkpoint()
    let journalWatch: JournalWatch
    let graphs = Monitor(KnownGraphs())

    /// Makes a runner, and resumes the tasks in the log. Suspends until they have resumed.
    ///
    /// - Parameters:
    ///   - storage: The storage. Close the runner before the storage.
    ///   - dags: The DAGs. A live task of another DAG is parked until a runner has its DAG.
    ///   - configuration: The settings.
    ///   - logger: The logger. Nil means no messages.
    ///   - onResult: Called with the end of each task.
    /// - Throws: ``FlowError`` with the codes of ``FlowDAG/validate()``; `invalidOption`; `wrongState` if the storage
    ///   already has a runner; `storageFailed` if the log can't be read.
    public convenience init<Store: TaskStore>(
        storage: BufferedTaskStorage<Store>, dags: [any FlowDAG],
        configuration: FlowConfiguration = FlowConfiguration(),
        logger: Logger? = nil, onResult: Callback? = nil
    ) async throws(FlowError) {
        try await self.init(storage, dags, configuration, .system, .steady, logger, onResult)
    }

    /// Makes a runner whose retries, timeouts and waits use a clock of a test. Suspends until the tasks in the log have
    /// resumed.
    ///
    /// - Parameters:
    ///   - storage: The storage. Close the runner before the storage.
    ///   - dags: The DAGs.
    ///   - configuration: The settings.
    ///   - clock: The clock. The time of a record is the time at which the runner was made, plus the time that the
    ///     clock has advanced since.
    ///   - logger: The logger. Nil means no messages.
    ///   - onResult: Called with the end of each task.
    /// - Throws: The errors of the initializer without a clock.
    public convenience init<Store: TaskStore, Source: Clock>(
        storage: BufferedTaskStorage<Store>, dags: [any FlowDAG],
        configuration: FlowConfiguration = FlowConfiguration(),
        clock: Source, logger: Logger? = nil, onResult: Callback? = nil
    ) async throws(FlowError) where Source.Duration == Duration {
        let clock = FlowClock(clock, from: .now)
        try await self.init(storage, dags, configuration, clock, clock, logger, onResult)
    }

    init(
        _ storage: any FlowStorage, _ dags: [any FlowDAG], _ configuration: FlowConfiguration, _ clock: FlowClock,
        _ steady: FlowClock, _ logger: Logger?, _ callback: Callback?
    ) async throws(FlowError) {
        try configuration.validate()
        self.storage = storage
        self.configuration = configuration
        self.clock = clock
        self.steady = steady
        self.callback = callback
        tracing = FlowTracing(configuration)
        self.dags = try DAGTable(dags)
        events = FlowLog(logger)
        journalWatch = JournalWatch(events)
        scheduler = Scheduler(concurrency: configuration.concurrency)
        timers = TimerQueue(clock: clock)
        timeouts = TimerQueue(clock: steady)
        try attach()
        // From here on, other callers find the runner through its storage.
        defer { life.endRecovery() }
        do throws(FlowError) {
            try await recover()
        } catch {
            _ = life.fail(error)
            detach()
            throw error
        }
    }

    /// Adds a DAG, and resumes its tasks, which were parked. Suspends until they have resumed.
    ///
    /// - Parameter dag: The DAG.
    /// - Throws: ``FlowError`` with the codes of ``FlowDAG/validate()``; `unknownDAG` if the runner has another DAG
    ///   with this key; `storageFailed`; `closed`.
    public func add(_ dag: any FlowDAG) async throws(FlowError) {
        try await life.waitUntilOpen()
        let frozen = try dag.frozen()
        try dags.add(frozen)
        try await unpark(frozen)
    }

    // MARK: Starting tasks

    /// Starts a task. Suspends until the task's beginning is in the log.
    ///
    /// Steps have neither the task-local values nor the priority of the caller, because they also run after a restart. The input has all
    /// that they need.
    ///
    /// - Parameters:
    ///   - input: The input of the task.
    ///   - dag: A DAG of the runner.
    ///   - id: The task's id: 1 to 200 bytes. A second call with the same id and an equal input returns the same task.
    ///     After the task's end, this works as long as the store keeps the task's row. Nil means a new id.
    ///   - priority: The priority of the task. Ready steps of a higher priority run first.
    ///   - maxRetries: The number of retries of each step that has no policy of its own.
    /// - Returns: A handle of the task.
    /// - Throws: ``FlowError`` with the code `unknownDAG`, `invalidID`, `idInUse`, `valueTooLarge`, `undecodable`,
    ///   `logFull`, `storageFailed` or `closed`.
    @discardableResult
    public func process<Input, Output>(
        _ input: Input, by dag: DAG<Input, Output>, id: String? = nil, priority: Int = 0, maxRetries: Int = 3
    ) async throws(FlowError) -> FlowTask<Output> {
        guard let frozen = dags[dag.key] else {
            throw FlowError(
                .unknownDAG, "The runner has no DAG with the key \(dag.key). Give it to the runner's initializer.")
        }
        let bytes: [UInt8]
        do { bytes = try dag.coder.encode(input) } catch {
            throw FlowError(.undecodable, "The input of \(dag.key) can't be encoded.", cause: error)
        }
        let live = try await begin(
            bytes, input is JSON ? nil : input, frozen, id: id, priority: Int32(clamping: priority),
            maxRetries: Int32(clamping: maxRetries))
        return FlowTask(id: live.id, live: live, runner: self)
    }

    /// Returns the handle of a live task; nil if there is no such task of this DAG.
    ///
    /// - Parameters:
    ///   - id: The id of the task.
    ///   - dag: The DAG of the task.
    public func task<Input, Output>(id: String, of dag: DAG<Input, Output>) -> FlowTask<Output>? {
        guard let live = table[id], live.state.withLock({ $0.isBegun && $0.beginning?.dag == dag.key }) else {
            return nil
        }
        return FlowTask(id: id, live: live, runner: self)
    }

    /// The ids of the live tasks, in sorted order. A task is live until it has ended and its final callback has
    /// returned. A failed task stays live as long as it can be retried.
    public var liveTasks: [String] {
        table.all.filter { $0.state.withLock(\.isBegun) }.map(\.id).sorted()
    }

    /// The present figures of the runner.
    public var statistics: FlowStatistics {
        let counts = scheduler.counts
        return FlowStatistics(
            runningSteps: counts.running, readySteps: counts.ready, liveTasks: table.count,
            timers: timers.count + timeouts.count)
    }

    // MARK: Ending

    /// Suspends until the service group shuts down, and then closes the runner.
    ///
    /// - Throws: ``FlowError`` with the code `storageFailed` if the journal failed for good.
    public func run() async throws {
        let (ended, continuation) = AsyncStream<Never>.makeStream()
        life.onFailure { continuation.finish() }
        await withGracefulShutdownHandler {
            for await _ in ended {}
        } onGracefulShutdown: {
            continuation.finish()
        }
        await close()
        if let error = life.failure { throw error }
    }

    /// Closes the runner. Suspends until running steps have ended.
    ///
    /// No new steps begin. After ``FlowConfiguration/closeTimeout``, the runner cancels the steps that are still
    /// running, and waits for them once more for that time. A step that ignores the cancellation keeps running, but its
    /// result doesn't count. Unfinished steps run again at the next start.
    public func close() async {
        guard life.beginClosing() else { return await life.waitUntilClosed() }
        timers.close()
        timeouts.close()
        await checkpoint.stop()
        await scheduler.close(grace: configuration.closeTimeout)
        let closed = FlowError(.closed, "The runner was closed. The next start resumes the task.")
        life.refuseRecords()
        for live in table.all { live.release(throwing: life.failure ?? closed) }
        detach()
        events.closed(table.count)
        life.endClosing()
    }

    private func attach() throws(FlowError) {
        let isFirst = storage.attachment.withLock { attachment in
            guard attachment == nil else { return false }
            attachment = self
            return true
        }
        guard isFirst else {
            throw FlowError(.wrongState, "The storage has a runner. Give that one all DAGs, or close it first.")
        }
    }

    private func detach() {
        storage.attachment.withLock { $0 = nil }
    }

    /// The largest size of a value. A batch has the output of a task twice, and its input.
    var valueLimit: Int { min(configuration.maxValueSize, storage.segmentSize / 4) }

    /// Ends all work after an error of the journal that no retry can remedy.
    func halt(_ error: FlowError) {
        guard life.fail(error) else { return }
        events.halted(error)
        for live in table.all { live.release(throwing: error) }
    }
}

/// The figures of a ``FlowRunner`` at one time.
public struct FlowStatistics: Hashable, Sendable {
    /// The number of running steps.
    public var runningSteps: Int
    /// The number of ready steps, which wait for other steps to end.
    public var readySteps: Int
    /// The number of live tasks.
    public var liveTasks: Int
    /// The number of pending timers: for retries, for timeouts, for the ends of waits, and for final callbacks that are
    /// called again.
    public var timers: Int
}

/// The DAGs of a runner, by key.
final class DAGTable: Sendable {
    private let dags: Monitor<[String: FrozenDAG]> = Monitor([:])

    init(_ dags: [any FlowDAG]) throws(FlowError) {
        for dag in dags { try add(try dag.frozen()) }
    }

    func add(_ dag: FrozenDAG) throws(FlowError) {
        let isNew = dags.withLock { dags in
            guard dags[dag.key] == nil else { return false }
            dags[dag.key] = dag
            return true
        }
        if !isNew { throw FlowError(.unknownDAG, "Two DAGs have the key \(dag.key). Give each its own.") }
    }

    subscript(key: String) -> FrozenDAG? { dags.withLock { $0[key] } }

    var all: [FrozenDAG] { dags.withLock { $0.values.sorted { $0.key < $1.key } } }
}

/// The shapes of graphs in a runner's journal.
struct KnownGraphs: Sendable {
    /// The shapes by hash, including those with which live tasks continue.
    var shapes: [UInt64: GraphShape] = [:]
    /// The last shape of each DAG, by the DAG's key.
    var newest: [String: GraphShape] = [:]
}

/// The live tasks, by id.
final class TaskTable: Sendable {
    private let stripes: [Monitor<[String: LiveTask]>] = (0..<64).map { _ in Monitor([:]) }

    private func stripe(_ id: String) -> Monitor<[String: LiveTask]> {
        stripes[Int(truncatingIfNeeded: UInt(bitPattern: id.hashValue) % UInt(stripes.count))]
    }

    subscript(id: String) -> LiveTask? { stripe(id).withLock { $0[id] } }

    var count: Int { stripes.reduce(0) { $0 + $1.withLock(\.count) } }

    var all: [LiveTask] { stripes.flatMap { stripe in stripe.withLock { $0.values.map { $0 } } } }

    /// Adds a task unless its id is taken. Returns the task that has the id after the call.
    func insert(_ task: LiveTask) -> LiveTask {
        stripe(task.id).withLock { tasks in
            if let other = tasks[task.id] { return other }
            tasks[task.id] = task
            return task
        }
    }

    func remove(_ task: LiveTask) {
        stripe(task.id).withLock { tasks in
            if tasks[task.id] === task { tasks[task.id] = nil }
        }
    }
}

/// The state of a runner: recovering, open, closing, closed, or failed.
final class RunnerLife: Sendable {
    private struct State {
        var isRecovering = true
        /// Callers that found the runner before it had recovered.
        var early: [CheckedContinuation<Void, Never>] = []
        var isClosing = false
        /// Whether tasks take no more records.
        var isClosed = false
        /// Whether the storage can have another runner.
        var isOver = false
        var failure: FlowError?
        var waiters: [CheckedContinuation<Void, Never>] = []
        var onFailure: [@Sendable () -> Void] = []

        mutating func endRecovery() -> [CheckedContinuation<Void, Never>] {
            isRecovering = false
            defer { early = [] }
            return early
        }
    }

    private let state = Monitor(State())

    var failure: FlowError? { state.withLock { $0.failure } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    var isClosing: Bool { state.withLock(\.isClosing) }

    /// Suspends until the runner has recovered. Before that, it doesn't know the live tasks.
    ///
    /// - Throws: `closed`, or the error with which the recovery or the journal failed.
    func waitUntilOpen() async throws(FlowError) {
        if state.withLock(\.isRecovering) {
            await withCheckedContinuation { continuation in
                let isRecovering = state.withLock { state in
                    if state.isRecovering { state.early.append(continuation) }
                    return state.isRecovering
                }
                if !isRecovering { continuation.resume() }
            }
        }
        let (isClosing, failure) = state.withLock { ($0.isClosing, $0.failure) }
        if let failure { throw failure }
        if isClosing { throw FlowError(.closed, "The runner was closed.") }
    }

    func endRecovery() {
        for waiter in state.withLock({ $0.endRecovery() }) { waiter.resume() }
    }

    /// Notes a failure. Returns whether it was the first one.
    func fail(_ error: FlowError) -> Bool {
        let actions = state.withLock { state -> [@Sendable () -> Void]? in
            guard state.failure == nil, !state.isClosing else { return nil }
            state.failure = error
            defer { state.onFailure = [] }
            return state.onFailure
        }
        for action in actions ?? [] { action() }
        return actions != nil
    }

    /// Calls `action` at the first failure. If the runner has already failed, calls it now.
    func onFailure(_ action: @escaping @Sendable () -> Void) {
        let hasFailed = state.withLock { state in
            if state.failure == nil { state.onFailure.append(action) }
            return state.failure != nil
        }
        if hasFailed { action() }
    }

    func beginClosing() -> Bool {
        let (isFirst, early) = state.withLock { state in
            defer { state.isClosing = true }
            return (!state.isClosing, state.endRecovery())
        }
        for waiter in early { waiter.resume() }
        return isFirst
    }

    func refuseRecords() {
        state.withLock { $0.isClosed = true }
    }

    /// Releases the other callers of ``FlowRunner/close()``, each of which may open the next runner of the storage.
    func endClosing() {
        let waiters = state.withLock { state in
            state.isOver = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func waitUntilClosed() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiters.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }
}
