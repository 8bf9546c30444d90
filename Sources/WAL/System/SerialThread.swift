/// An executor that runs the jobs of an actor on its own thread in the order of their arrival. So a client
/// library that blocks never blocks the cooperative pool. The thread ends when the last reference is gone and
/// every job has run.
package final class SerialThread: SerialExecutor {
    /// The executor is kept until its job has run, because a job may drop the last reference to its actor.
    private struct Entry {
        var job: UnownedJob
        var executor: SerialThread
    }

    private struct Queue {
        var entries: [Entry] = []
        var isFinished = false
    }

    private let queue = Monitor(Queue())

    /// Starts the thread. `name` has at most 15 bytes.
    package init(_ name: String) throws(WALError) {
        try NamedThread.start(name) { [queue] in Self.runJobs(of: queue) }
    }

    deinit {
        queue.withLock { queue in queue.isFinished = true }
        queue.notifyAll()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let entry = Entry(job: UnownedJob(job), executor: self)
        queue.withLock { queue in queue.entries.append(entry) }
        queue.notifyAll()
    }

    private static func runJobs(of queue: Monitor<Queue>) {
        while true {
            let waiting = queue.wait { queue -> [Entry]? in
                defer { queue.entries = [] }
                return queue.entries.isEmpty && !queue.isFinished ? nil : queue.entries
            }
            guard let waiting, !waiting.isEmpty else { return }
            for entry in waiting {
                unsafe entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
            }
        }
    }
}
