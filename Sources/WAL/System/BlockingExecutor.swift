internal import CWALShims

/// Threads for tasks that wait for the disk.
///
/// A task that prefers this executor makes its records durable on the thread on which it runs, as a thread does with the blocking forms. So
/// a lone task is spared two changes of threads with each durable record:
///
/// ```swift
/// let executor = try BlockingExecutor()
/// Task(executorPreference: executor) {
///     for event in events { try await log.appendDurably(event) }
/// }
/// ```
///
/// A reader of a ``ReadOnlyLog`` waits on the task's thread as well, and the writer's process wakes that thread directly.
///
/// While a task waits for a sync or for a record, its thread runs no other task. So don't use it for many tasks: on the default executor,
/// they share one sync. A cancellation doesn't end a wait for a sync. It ends a wait for a record within a second.
///
/// The threads end after the last reference to the executor is gone and each of its jobs has run.
public final class BlockingExecutor: TaskExecutor {
    /// Each entry keeps the executor until its job has run.
    private struct Entry {
        var job: UnownedJob
        var executor: BlockingExecutor
    }

    private struct Queue {
        var entries: [Entry] = []
        var isFinished = false
    }

    private let queue = Monitor(Queue())

    /// Starts the threads.
    ///
    /// - Parameter threadCount: The number of tasks that can wait for the disk at the same time, at least 1.
    /// - Throws: ``WALError/Code/invalidArgument``; ``WALError/Code/inputOutput`` if the system can't start a thread.
    public init(threadCount: Int = 1) throws(WALError) {
        guard threadCount >= 1 else {
            throw WALError(.invalidArgument, "A BlockingExecutor needs at least 1 thread, not \(threadCount).")
        }
        do throws(WALError) {
            for _ in 1...threadCount {
                try NamedThread.start("wal-executor") { [queue] in
                    cwal_set_thread_may_block()
                    Self.runJobs(of: queue)
                }
            }
        } catch {
            finish()
            throw error
        }
    }

    deinit { finish() }

    private func finish() {
        queue.withLock { $0.isFinished = true }
        queue.notifyAll()
    }

    /// Runs a job on one of the threads.
    public func enqueue(_ job: consuming ExecutorJob) {
        let entry = Entry(job: UnownedJob(job), executor: self)
        queue.withLock { $0.entries.append(entry) }
        queue.notifyAll()
    }

    private static func runJobs(of queue: Monitor<Queue>) {
        while let entry = next(in: queue) {
            unsafe entry.job.runSynchronously(on: entry.executor.asUnownedTaskExecutor())
        }
    }

    private static func next(in queue: Monitor<Queue>) -> Entry? {
        queue.wait { queue -> Entry?? in
            if !queue.entries.isEmpty { return .some(queue.entries.removeFirst()) }
            return queue.isFinished ? .some(nil) : nil
        } ?? nil
    }
}
