internal import WAL

/// Runs ready steps by priority, within the limits on the number of steps that run at the same time.
///
/// It starts a worker for each ready step, up to the limit. A worker takes the next step after its step has ended.
final class Scheduler: Sendable {
    /// A unit of work: a step, or the final callback.
    final class Job: Sendable {
        let priority: Int32
        let createdAt: Timestamp
        /// The limits besides that of the runner, each once.
        let limits: [LimitKey]
        /// Runs the job, and returns the jobs that follow from it.
        let run: @Sendable (Worker) async -> [Job]

        init(
            priority: Int32, createdAt: Timestamp, limits: [LimitKey],
            run: @escaping @Sendable (Worker) async -> [Job]
        ) {
            self.priority = priority
            self.createdAt = createdAt
            self.limits = limits
            self.run = run
        }
    }

    struct LimitKey: Hashable, Sendable {
        /// The DAG's key, or the DAG's key and the node's path without the numbers of elements.
        var name: String
        var max: Int
    }

    private struct Entry: Sendable {
        var job: Job
        var number: UInt64

        func precedes(_ other: Entry) -> Bool {
            if job.priority != other.job.priority { return job.priority > other.job.priority }
            return (job.createdAt, number) < (other.job.createdAt, other.number)
        }
    }

    private struct Limit: Sendable {
        var usedCount = 0
        /// The queues of the jobs that wait and that need a place here.
        var queues: Set<[LimitKey]> = []
    }

    private struct State {
        var ready = Scheduler.heap()
        var limits: [LimitKey: Limit] = [:]
        /// The jobs that wait, by their limits. Jobs with the same limits have one queue, so the end of a job looks at
        /// the first of each queue only.
        var waiting: [[LimitKey]: BinaryHeap<Entry>] = [:]
        var workers: [ObjectIdentifier: Worker] = [:]
        var lastNumber: UInt64 = 0
        var isClosed = false

        /// Makes a job ready if all of its limits have a place. Until then, the job waits and holds no place, because
        /// another job that needs only that place could begin.
        mutating func admit(_ entry: Entry) {
            let keys = entry.job.limits
            guard hasPlaces(keys) else {
                if waiting[keys] == nil { for key in keys { limits[key, default: Limit()].queues.insert(keys) } }
                waiting[keys, default: Scheduler.heap()].insert(entry)
                return
            }
            for key in keys { limits[key, default: Limit()].usedCount += 1 }
            ready.insert(entry)
        }

        /// Gives the places of a job back, and makes the jobs ready that waited for them.
        mutating func release(_ entry: Entry) {
            let keys = entry.job.limits
            for key in keys { limits[key]?.usedCount -= 1 }
            while let next = popWaiting(at: keys) { admit(next) }
            for key in keys {
                if let limit = limits[key], limit.usedCount == 0, limit.queues.isEmpty { limits[key] = nil }
            }
        }

        private func hasPlaces(_ keys: [LimitKey]) -> Bool {
            keys.allSatisfy { limits[$0]?.usedCount ?? 0 < $0.max }
        }

        /// Removes the first job that can begin from the queues of these limits.
        private mutating func popWaiting(at keys: [LimitKey]) -> Entry? {
            var found: (queue: [LimitKey], first: Entry)?
            for key in keys {
                for queue in limits[key]?.queues ?? [] where hasPlaces(queue) {
                    guard let first = waiting[queue]?.first else { continue }
                    if let found, !first.precedes(found.first) { continue }
                    found = (queue, first)
                }
            }
            guard let (queue, first) = found else { return nil }
            _ = waiting[queue]?.popFirst()
            if waiting[queue]?.count == 0 {
                waiting[queue] = nil
                for key in queue { limits[key]?.queues.remove(queue) }
            }
            return first
        }
    }

    private let maxWorkers: Int
    private let state = Monitor(State())

    init(concurrency: Int) {
        maxWorkers = concurrency
    }

    /// The number of running steps and the number of ready steps.
    var counts: (running: Int, ready: Int) {
        state.withLock { state in
            (state.workers.count, state.ready.count + state.waiting.values.reduce(0) { $0 + $1.count })
        }
    }

    /// Queues jobs, and starts workers for them.
    func submit(_ jobs: [Job]) {
        guard !jobs.isEmpty else { return }
        let started = state.withLock { state in
            add(jobs, &state)
            return newWorkers(&state)
        }
        for worker in started { start(worker) }
    }

    private func add(_ jobs: [Job], _ state: inout State) {
        guard !state.isClosed else { return }
        for job in jobs {
            state.lastNumber += 1
            state.admit(Entry(job: job, number: state.lastNumber))
        }
    }

    private func newWorkers(_ state: inout State) -> [Worker] {
        guard !state.isClosed else { return [] }
        let workers = (0..<max(0, min(state.ready.count, maxWorkers - state.workers.count))).map { _ in Worker() }
        for worker in workers { state.workers[ObjectIdentifier(worker)] = worker }
        return workers
    }

    /// Closes the scheduler, and starts no more jobs. Suspends until the running jobs have ended or `grace` has passed.
    /// Then cancels the jobs that are left, and suspends until they have ended or `grace` has passed again.
    func close(grace: Duration) async {
        state.withLock { $0.isClosed = true }
        await waitForWorkers(grace)
        for worker in state.withLock({ Array($0.workers.values) }) { worker.cancel() }
        await waitForWorkers(grace)
        // Jobs hold the runner, so they are released outside of the lock.
        let unused = state.withLock { state in
            defer {
                state.ready = Self.heap()
                state.limits = [:]
                state.waiting = [:]
            }
            return (state.ready, state.waiting)
        }
        withExtendedLifetime(unused) {}
    }

    private func waitForWorkers(_ limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while state.withLock({ !$0.workers.isEmpty }), ContinuousClock.now < deadline {
            try? await ContinuousClock().sleep(for: .milliseconds(2))
            // In a canceled task, the sleep returns at once.
            await Task.yield()
        }
    }

    private func start(_ worker: Worker) {
        worker.start { [self] in
            var entry = next(worker)
            while let current = entry {
                let jobs = await current.job.run(worker)
                entry = next(worker, after: current, with: jobs)
            }
        }
    }

    /// Takes the next job. If there is none, the worker ends.
    private func next(_ worker: Worker, after last: Entry? = nil, with jobs: [Job] = []) -> Entry? {
        // From here on, the last job can't be canceled any more. A canceled task stays canceled, so the next job needs
        // another worker.
        let isSpent = worker.beginJob() || Task.isCancelled
        let (entry, started) = state.withLock { state -> (Entry?, [Worker]) in
            if let last { state.release(last) }
            add(jobs, &state)
            let entry = state.isClosed || isSpent ? nil : state.ready.popFirst()
            if entry == nil { state.workers[ObjectIdentifier(worker)] = nil }
            return (entry, newWorkers(&state))
        }
        for worker in started { start(worker) }
        return entry
    }

    private static func heap() -> BinaryHeap<Entry> { BinaryHeap { $0.precedes($1) } }
}

/// A task that runs jobs one after another. It can be canceled before its `Task` exists.
final class Worker: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var isCancelled = false
        var job: UInt64 = 0
    }

    private let state = Monitor(State())

    func start(_ body: @escaping @Sendable () async -> Void) {
        // The worker runs steps of all tasks. They get nothing of the caller that happened to need it.
        let task = Task.detached { await body() }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    /// The number of the current job.
    var job: UInt64 { state.withLock { $0.job } }

    /// Ends the current job and begins the next one. Returns whether the worker was canceled. That may be before its
    /// `Task` is known, which is canceled later.
    func beginJob() -> Bool {
        state.withLock { state in
            state.job += 1
            return state.isCancelled
        }
    }

    /// Cancels the worker if this job is still its current one.
    func cancel(job: UInt64) {
        state.withLock { state in
            guard state.job == job else { return }
            state.isCancelled = true
            state.task?.cancel()
        }
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}
