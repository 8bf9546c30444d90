internal import WAL

/// An executor with its own threads for steps that block, such as a database driver without `async`, a file system, or
/// a computation of minutes.
///
/// The cooperative pool has one thread for each processor, so a step that blocks there delays all others. Give such a
/// node `NodeOptions(executor: ThreadExecutor(threads: 8))`.
public final class ThreadExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isClosed = false
    }

    private final class Queue: Sendable {
        let state = Monitor(State())

        func run(on executor: UnownedTaskExecutor) {
            while let job = state.wait({ state -> UnownedJob?? in
                guard state.jobs.isEmpty else { return .some(state.jobs.removeFirst()) }
                return state.isClosed ? .some(nil) : nil
            }) ?? nil {
                unsafe job.runSynchronously(on: executor)
            }
        }
    }

    private let queue = Queue()

    /// Starts the threads of an executor.
    ///
    /// - Parameter threads: The number of threads, at least 1.
    /// - Throws: ``FlowError`` with the code `storageFailed` if the system can't start the threads.
    public init(threads: Int) throws(FlowError) {
        let executor = unsafe UnownedTaskExecutor(ordinary: self)
        for _ in 0..<max(1, threads) {
            do throws(WALError) {
                try NamedThread.start("wal-flow-step") { [queue] in unsafe queue.run(on: executor) }
            } catch {
                throw FlowError(.storageFailed, "The system can't start more threads.", cause: error)
            }
        }
    }

    deinit {
        queue.state.withLock { $0.isClosed = true }
        queue.state.notifyAll()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.state.withLock { $0.jobs.append(job) }
        queue.state.notifyAll()
    }
}
