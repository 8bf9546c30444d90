/// The jobs that wait for the threads of an executor.
package final class JobQueue<Executor: AnyObject & Sendable>: Sendable {
    /// Each entry keeps the executor until its job has run, because a job may drop the last reference to it.
    private struct Entry {
        var job: UnownedJob
        var executor: Executor
    }

    private struct State {
        /// The jobs that came last, in the order of their arrival.
        var added: [Entry] = []
        /// The jobs that came before them, in reverse order: to take the first of many moves none of the others.
        var due: [Entry] = []
        var isFinished = false

        mutating func takeFirst() -> Entry? {
            if due.isEmpty {
                swap(&due, &added)
                due.reverse()
            }
            return due.popLast()
        }
    }

    private let state = Monitor(State())

    package init() {}

    package func add(_ job: UnownedJob, of executor: Executor) {
        state.withLock { $0.added.append(Entry(job: job, executor: executor)) }
        state.notifyAll()
    }

    /// Ends the calls of ``runAll(_:)``, after the jobs that are there.
    package func finish() {
        state.withLock { $0.isFinished = true }
        state.notifyAll()
    }

    /// Runs jobs in the order of their arrival, and waits for more, until ``finish()``.
    package func runAll(_ run: (UnownedJob, Executor) -> Void) {
        while let entry = next() { run(entry.job, entry.executor) }
    }

    private func next() -> Entry? {
        state.wait { state -> Entry?? in
            if let entry = state.takeFirst() { return .some(entry) }
            return state.isFinished ? .some(nil) : nil
        } ?? nil
    }
}
