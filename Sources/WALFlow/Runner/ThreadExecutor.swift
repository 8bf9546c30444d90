internal import WAL

/// An executor with its own threads for steps that block, such as a database driver without `async`, a file system, or
/// a computation of minutes.
///
/// The cooperative pool has one thread for each processor, so a step that blocks there delays all others. Give such a
/// node `NodeOptions(executor: ThreadExecutor(threads: 8))`.
public final class ThreadExecutor: TaskExecutor {
    private struct Queue {
        var jobs: [UnownedJob] = []
        var isClosed = false
    }

    private let queue = Monitor(Queue())

    /// Starts the threads of an executor.
    ///
    /// - Parameter threads: The number of threads, at least 1.
    /// - Throws: ``FlowError`` with the code `storageFailed` if the system can't start the threads.
    public init(threads: Int) throws(FlowError) {
        let executor = unsafe UnownedTaskExecutor(ordinary: self)
        for _ in 0..<max(1, threads) {
            do throws(WALError) {
                try NamedThread.start("wal-flow-step") { [queue] in unsafe Self.runJobs(of: queue, on: executor) }
            } catch {
                throw FlowError(.storageFailed, "The system can't start more threads.", cause: error)
            }
        }
    }

    deinit {
        queue.withLock { $0.isClosed = true }
        queue.notifyAll()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.withLock { $0.jobs.append(job) }
        queue.notifyAll()
    }

    private static func runJobs(of queue: Monitor<Queue>, on executor: UnownedTaskExecutor) {
        while let job = queue.wait({ queue -> UnownedJob?? in
            guard queue.jobs.isEmpty else { return .some(queue.jobs.removeFirst()) }
            return queue.isClosed ? .some(nil) : nil
        }) ?? nil {
            unsafe job.runSynchronously(on: executor)
        }
    }
}
