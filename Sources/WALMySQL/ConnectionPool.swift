#if MySQL
    internal import WAL
    internal import WALTasks

    /// Threads with a connection each: a call has one for itself, and waits for its turn where all are taken.
    final class ConnectionPool<Kept: Session>: Sendable {
        private typealias Thread = DatabaseThread<ReconnectingSession<Kept>, MySQLError>

        private struct State {
            var free: [DatabaseThread<ReconnectingSession<Kept>, MySQLError>]
            var waiting: [CheckedContinuation<DatabaseThread<ReconnectingSession<Kept>, MySQLError>, Never>] = []
        }

        private let threads: [Thread]
        private let state: Monitor<State>

        /// Starts `count` threads, 1 or more. Each connects with its first use.
        init(_ settings: ConnectionSettings, count: Int, log: ConnectionLog) async throws(MySQLError) {
            var threads: [Thread] = []
            for _ in 0..<max(1, count) {
                do throws(WALError) {
                    let closed = MySQLError(.closed, "the store was closed: open a new one")
                    threads.append(try Thread("wal-mysql", closed: closed))
                } catch {
                    throw MySQLError(.outOfMemory, "no thread can be started: raise the limit of threads (\(error))")
                }
            }
            for thread in threads {
                try await thread.open { () throws(MySQLError) in ReconnectingSession(settings, log) }
            }
            self.threads = threads
            state = Monitor(State(free: threads))
        }

        /// Runs `body` on a free connection's thread. When the calling task is cancelled, so is what the server does for it.
        func run<Value: Sendable>(
            _ body: @Sendable (Kept) throws(MySQLError) -> Value
        ) async throws(MySQLError) -> Value {
            let thread = await take()
            defer { giveBack(thread) }
            let cancellation = Cancellation()
            let result: Result<Value, MySQLError> = await withTaskCancellationHandler {
                do throws(MySQLError) {
                    return .success(
                        try await thread.run { (link) throws(MySQLError) in try link.run(cancellation, body) })
                } catch {
                    return .failure(error)
                }
            } onCancel: {
                cancellation.cancel()
            }
            return try result.get()
        }

        /// Waits for the calls that run, and closes the connections. Calls after it throw `closed`.
        func close() async throws(MySQLError) {
            for thread in threads { try await thread.close() }
        }

        private func take() async -> DatabaseThread<ReconnectingSession<Kept>, MySQLError> {
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

        private func giveBack(_ thread: DatabaseThread<ReconnectingSession<Kept>, MySQLError>) {
            let next = state.withLock { state in
                if state.waiting.isEmpty {
                    state.free.append(thread)
                    return nil as CheckedContinuation<DatabaseThread<ReconnectingSession<Kept>, MySQLError>, Never>?
                }
                return state.waiting.removeFirst()
            }
            next?.resume(returning: thread)
        }
    }
#endif
