internal import WAL

/// A pool of threads with one session each. A call has one thread for itself, and waits for its turn if all are in
/// use.
package final class ConnectionPool<Kept: DatabaseSession>: Sendable {
    private struct State {
        var free: [DatabaseThread<Kept>]
        var waiting: [CheckedContinuation<DatabaseThread<Kept>, Never>] = []
    }

    /// The number of calls that can run concurrently.
    package let count: Int
    private let threads: [DatabaseThread<Kept>]
    private let state: Monitor<State>

    /// Starts `count` threads, at least 1. Each connects with its first use.
    package init(_ settings: Kept.Settings, count: Int, log: ConnectionLog) async throws(StoreError) {
        var threads: [DatabaseThread<Kept>] = []
        for _ in 0..<max(1, count) { threads.append(try DatabaseThread()) }
        for thread in threads { await thread.open(settings, log) }
        self.count = threads.count
        self.threads = threads
        state = Monitor(State(free: threads))
    }

    /// Runs `body` on a free session's thread. If the calling task is canceled, its statement on the server is
    /// canceled, too.
    package func run<Value: Sendable>(
        _ body: @Sendable (Kept) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let thread = await take()
        defer { giveBack(thread) }
        let cancellation = Cancellation()
        let result: Result<Value, StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) {
                return .success(
                    try await thread.run { (session) throws(StoreError) in
                        try cancellation.whileRunning(on: session, body)
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }

    /// Waits for the running calls and closes the connections. Later calls throw `closed`.
    package func close() async throws(StoreError) {
        for thread in threads { try await thread.close() }
    }

    private func take() async -> DatabaseThread<Kept> {
        // One thread is a queue by itself: calls made before closing run before it.
        if count == 1, let only = threads.first { return only }
        return await withCheckedContinuation { continuation in
            let thread = state.withLock { state in
                // Take the thread that was returned last, so that only as many connections are opened as the
                // work needs.
                let thread = state.free.popLast()
                if thread == nil { state.waiting.append(continuation) }
                return thread
            }
            if let thread { continuation.resume(returning: thread) }
        }
    }

    private func giveBack(_ thread: DatabaseThread<Kept>) {
        if count == 1 { return }
        let next = state.withLock { state in
            if state.waiting.isEmpty {
                state.free.append(thread)
                return nil as CheckedContinuation<DatabaseThread<Kept>, Never>?
            }
            return state.waiting.removeFirst()
        }
        next?.resume(returning: thread)
    }
}
