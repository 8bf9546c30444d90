internal import CWALShims

/// The wait of a process for a log's writer in another process.
///
/// One thread waits for all readers of a ``ReadOnlyLog``, and only while a reader waits. Without a file `WAITERS` that it may write to, it
/// polls.
final class WriterWatch: Sendable {
    /// The intervals at which waiting readers look at the log without a wake-up. They become longer while nothing comes.
    private static let intervalMin: Duration = .milliseconds(10)
    private static let intervalMax: Duration = .seconds(1)
    private static let pollMax: Duration = .milliseconds(250)

    private typealias Waiters = SuspendedTasks<Result<Bool, WALError>>

    private struct State {
        var file: WaitersFile?
        var waiters = Waiters()
        var isRunning = false
        /// The place of the last waiter in the log. While it stays the same, no records come.
        var place: UInt64 = 0
        var interval = WriterWatch.intervalMin

        mutating func note(_ place: UInt64) {
            if place != self.place { interval = WriterWatch.intervalMin }
            self.place = place
        }

        mutating func lengthenInterval(isPolling: Bool) {
            interval = min(interval * 2, isPolling ? WriterWatch.pollMax : WriterWatch.intervalMax)
        }
    }

    private let directory: Directory
    private let log: LogID
    private let state = Monitor(State())

    init(_ directory: Directory, of log: LogID) {
        self.directory = directory
        self.log = log
    }

    /// The durable position that the writer has published; 0 if it has published none. The log's frames can prove more.
    var durablePosition: UInt64 { state.withLock { $0.file }?.durablePosition ?? 0 }

    /// Suspends until the event may have happened, or the task is canceled. `isDue` runs after the writer was asked for a wake-up, and may
    /// find that there is no reason to wait. Returns whether the writer has woken the task.
    func wait(
        for event: WaitersFile.Event, behind place: UInt64, unless isDue: () -> Bool
    ) async throws(WALError) -> Bool {
        if cwal_thread_may_block() { return block(for: event, behind: place, unless: isDue) }
        let id = state.withLock { $0.waiters.makeID() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiters.Continuation) in
                let begun = Result { () throws(WALError) in try begin(id, continuation, behind: place) }
                guard case .success(true) = begun else { return continuation.resume(returning: begun) }
                if let file = state.withLock({ $0.file }) { request(event, file) }
                if isDue() { wake(id) }
            }
        } onCancel: {
            wake(id)
        }
        return try outcome.get()
    }

    /// Adds a waiter, and starts the thread if it doesn't run: both under one lock, so that a thread that ends leaves no waiter. Returns
    /// false if the task was canceled.
    private func begin(
        _ id: UInt64, _ continuation: Waiters.Continuation, behind place: UInt64
    ) throws(WALError) -> Bool {
        try state.withLock { state throws(WALError) in
            guard !Task.isCancelled else { return false }
            state.note(place)
            if !state.isRunning {
                state.file = state.file ?? WaitersFile.forReader(in: directory, of: log)
                let seen = state.file?.count
                try NamedThread.start("wal-watch") { self.run(seen: seen) }
                state.isRunning = true
            }
            state.waiters.add(id, continuation)
            return true
        }
    }

    /// Blocks the thread of a task that prefers a `BlockingExecutor`, instead of waking it through this object's thread.
    private func block(for event: WaitersFile.Event, behind place: UInt64, unless isDue: () -> Bool) -> Bool {
        let (file, interval) = state.withLock { state in
            state.note(place)
            state.file = current(state.file)
            return (state.file, state.interval)
        }
        guard let file else {
            NamedThread.sleep(interval)
            state.withLock { $0.lengthenInterval(isPolling: true) }
            return false
        }
        let seen = file.count
        request(event, file)
        guard !isDue() else { return false }
        file.wait(whileCountIs: seen, atMost: interval)
        if file.count != seen { return true }
        state.withLock { $0.lengthenInterval(isPolling: false) }
        return false
    }

    /// Returns the file that the directory has now, because another writer may have made another one.
    private func current(_ file: WaitersFile?) -> WaitersFile? {
        if let file, file.isCurrent(in: directory) { file } else { WaitersFile.forReader(in: directory, of: log) }
    }

    /// Asks the writer for a wake-up. Without a writer, this changes nothing, so that a look at a closed log leaves it as it is.
    private func request(_ event: WaitersFile.Event, _ file: WaitersFile) {
        if DirectoryLock.isHeld(in: directory) { file.request(event) }
    }

    private func wake(_ id: UInt64) {
        state.withLock { $0.waiters.remove(id) }?.resume(returning: .success(false))
    }

    /// Wakes the waiters after each wake-up by the writer, and at intervals. Ends if there is no waiter at the end of an interval.
    private func run(seen: UInt32?) {
        var seen = seen
        while true {
            let (file, interval) = state.withLock { ($0.file, $0.interval) }
            if let file, let seen {
                file.wait(whileCountIs: seen, atMost: interval)
            } else {
                NamedThread.sleep(interval)
            }
            var isWoken = false
            if let count = file?.count, count != seen {
                seen = count
                isWoken = true
                state.withLock { $0.interval = Self.intervalMin }
            } else {
                let current = current(file)
                if current !== file { seen = current?.count }
                guard endInterval(current) else { return }
            }
            let woken = state.withLock { $0.waiters.removeAll() }
            for waiter in woken { waiter.resume(returning: .success(isWoken)) }
        }
    }

    /// Sets the next interval. Returns false if the thread has to end.
    private func endInterval(_ file: WaitersFile?) -> Bool {
        state.withLock { state in
            state.file = file
            state.isRunning = state.waiters.count > 0
            state.lengthenInterval(isPolling: file == nil)
            return state.isRunning
        }
    }
}
