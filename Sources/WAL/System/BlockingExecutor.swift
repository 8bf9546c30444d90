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
    private let jobs = JobQueue<BlockingExecutor>()

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
                try NamedThread.start("wal-executor") { [jobs] in
                    cwal_set_thread_may_block()
                    jobs.runAll { job, executor in
                        unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor())
                    }
                }
            }
        } catch {
            jobs.finish()
            throw error
        }
    }

    deinit { jobs.finish() }

    /// Runs a job on one of the threads.
    public func enqueue(_ job: consuming ExecutorJob) {
        jobs.add(UnownedJob(job), of: self)
    }
}
