/// An executor that runs the jobs of an actor on its own thread in the order of their arrival. So a client
/// library that blocks never blocks the cooperative pool. The thread ends when the last reference is gone and
/// every job has run.
package final class SerialThread: SerialExecutor {
    private let jobs = JobQueue<SerialThread>()

    /// Starts the thread. `name` has at most 15 bytes.
    package init(_ name: String) throws(WALError) {
        try NamedThread.start(name) { [jobs] in
            jobs.runAll { job, thread in unsafe job.runSynchronously(on: thread.asUnownedSerialExecutor()) }
        }
    }

    deinit { jobs.finish() }

    package func enqueue(_ job: consuming ExecutorJob) {
        jobs.add(UnownedJob(job), of: self)
    }
}
