internal import WAL

/// An executor with its own threads for steps that block, such as a database driver without `async`, a file system, or
/// a computation of minutes.
///
/// The cooperative pool has one thread for each processor, so a step that blocks there delays all others. Give such a
/// node `NodeOptions(executor: ThreadExecutor(threads: 8))`.
public final class ThreadExecutor: TaskExecutor {
    private let jobs = JobQueue<ThreadExecutor>()

    /// Starts the threads of an executor.
    ///
    /// - Parameter threads: The number of threads, at least 1.
    /// - Throws: ``FlowError`` with the code `storageFailed` if the system can't start the threads.
    public init(threads: Int) throws(FlowError) {
        for _ in 0..<max(1, threads) {
            do throws(WALError) {
                try NamedThread.start("wal-flow-step") { [jobs] in
                    jobs.runAll { job, executor in
                        unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor())
                    }
                }
            } catch {
                throw FlowError(.storageFailed, "The system can't start more threads.", cause: error)
            }
        }
    }

    deinit { jobs.finish() }

    public func enqueue(_ job: consuming ExecutorJob) {
        jobs.add(UnownedJob(job), of: self)
    }
}
