#if MySQL
    internal import WAL
    internal import WALTasks

    /// Threads with a connection each: a call has one for itself, and waits for its turn where all are taken.
    final class ConnectionPool<Kept: Session>: Sendable {
        private typealias Thread = DatabaseThread<ReconnectingSession<Kept>, StoreError>

        private struct State {
            var free: [DatabaseThread<ReconnectingSession<Kept>, StoreError>]
            var waiting: [CheckedContinuation<DatabaseThread<ReconnectingSession<Kept>, StoreError>, Never>] = []
        }

        private let threads: [Thread]
        private let state: Monitor<State>

        /// Starts `count` threads, 1 or more. Each connects with its first use.
        init(_ settings: ConnectionSettings, count: Int, log: ConnectionLog) async throws(StoreError) {
            var threads: [Thread] = []
            for _ in 0..<max(1, count) {
                do throws(WALError) {
                    let closed = StoreError(.closed, "the store was closed: open a new one")
                    threads.append(try Thread("wal-mysql", closed: closed))
                } catch {
                    throw StoreError(.outOfMemory, "no thread can be started: raise the limit of threads (\(error))")
                }
            }
            for thread in threads {
                try await thread.open { () throws(StoreError) in ReconnectingSession(settings, log) }
            }
            self.threads = threads
            state = Monitor(State(free: threads))
        }

        /// Runs `body` on a free connection's thread. When the calling task is cancelled, so is what the server does for it.
        func run<Value: Sendable>(
            _ body: @Sendable (Kept) throws(StoreError) -> Value
        ) async throws(StoreError) -> Value {
            let thread = await take()
            defer { giveBack(thread) }
            let cancellation = Cancellation()
            let result: Result<Value, StoreError> = await withTaskCancellationHandler {
                do throws(StoreError) {
                    return .success(
                        try await thread.run { (link) throws(StoreError) in try link.run(cancellation, body) })
                } catch {
                    return .failure(error)
                }
            } onCancel: {
                cancellation.cancel()
            }
            return try result.get()
        }

        /// Waits for the calls that run, and closes the connections. Calls after it throw `closed`.
        func close() async throws(StoreError) {
            for thread in threads { try await thread.close() }
        }

        private func take() async -> DatabaseThread<ReconnectingSession<Kept>, StoreError> {
            await withCheckedContinuation { continuation in
                let thread = state.withLock { state in
                    // The last one given back: of many connections only as many are opened as there is work for.
                    let thread = state.free.popLast()
                    if thread == nil { state.waiting.append(continuation) }
                    return thread
                }
                if let thread { continuation.resume(returning: thread) }
            }
        }

        private func giveBack(_ thread: DatabaseThread<ReconnectingSession<Kept>, StoreError>) {
            let next = state.withLock { state in
                if state.waiting.isEmpty {
                    state.free.append(thread)
                    return nil as CheckedContinuation<DatabaseThread<ReconnectingSession<Kept>, StoreError>, Never>?
                }
                return state.waiting.removeFirst()
            }
            next?.resume(returning: thread)
        }
    }
#endif
