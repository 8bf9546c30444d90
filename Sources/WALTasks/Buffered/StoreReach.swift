internal import WAL
internal import WALDelivery

/// The access to the store. It knows from the results of calls whether the store is unavailable, and then lets
/// queries fail at once.
///
/// Successful calls of other components, for example delivery, also show that the store is available again.
final class StoreReach<Store: TaskStore>: Sendable {
    /// The time that a query waits for the store.
    enum Patience {
        /// For queries that the buffer could answer, too.
        case short
        /// For queries that use an index.
        case usual
        /// For lists, which may take long. Another call meanwhile finds out whether the store answers at all.
        case long

        var limit: Duration {
            switch self {
            case .short: .seconds(1)
            case .usual: .seconds(2)
            case .long: .seconds(60)
            }
        }
    }

    private struct State {
        /// The error for which the store counts as unavailable.
        var failure: (any Error)?
        /// The time from which the store may be called again.
        var retryTime = ContinuousClock.now
        /// Whether a call that tests the store's return is in progress.
        var isProbing = false
        var callCount = 0
        /// The number of lists in progress. They may occupy all connections.
        var listCount = 0
    }

    private enum Outcome<Value: Sendable>: Sendable {
        case answer(Value)
        case failure(any Error)
        case late(any Error)
    }

    /// An error of a call that got no answer in time.
    private struct NoAnswer: Error, CustomStringConvertible {
        var time: Duration
        var description: String { "no answer within \(time)" }
    }

    /// The interval at which one call tries an unavailable store.
    private static var retryInterval: Duration { .milliseconds(250) }

    private let store: Store
    private let state = Monitor(State())

    init(store: Store) {
        self.store = store
    }

    /// The number of calls in progress.
    var callCount: Int { state.withLock(\.callCount) }

    /// Notes that the store has answered any caller.
    func answered() {
        state.withLock { state in
            state.failure = nil
            state.isProbing = false
        }
    }

    /// Calls the store with `body`.
    ///
    /// - Throws:
    ///   - `storeAway` if the store can't be reached or doesn't answer; at once if that is known already
    ///   - the error of `body`
    func ask<Value: Sendable>(
        _ patience: Patience, _ body: @escaping @Sendable (Store) async throws -> Value
    ) async throws -> Value {
        try begin(patience)
        let (outcomes, continuation) = AsyncStream.makeStream(of: Outcome<Value>.self)
        let work = Task {
            do {
                let value = try await body(store)
                end(patience, nil)
                continuation.yield(.answer(value))
            } catch {
                // The error of a call that was canceled says nothing about the store.
                if Task.isCancelled { return leave(patience) }
                end(patience, isTransient(error) ? error : nil)
                continuation.yield(.failure(error))
            }
        }
        let watch = Task {
            guard let error = await lateness(patience) else { return }
            continuation.yield(.late(error))
        }
        defer { watch.cancel() }
        for await outcome in outcomes {
            switch outcome {
            case .answer(let value): return value
            case .failure(let error): throw isTransient(error) && !Task.isCancelled ? away(error) : error
            case .late(let error):
                // A query may wait for a list's connection. The list itself finds out whether the store answers.
                if patience == .long || state.withLock({ $0.listCount }) == 0 { fail(error) }
                throw away(error)
            }
        }
        // The calling task was canceled.
        work.cancel()
        throw CancellationError()
    }

    /// Returns the reason once a call is late, or nil if it is canceled.
    private func lateness(_ patience: Patience) async -> (any Error)? {
        let error = NoAnswer(time: patience.limit)
        guard case .long = patience else {
            return (try? await Task.sleep(for: patience.limit)) == nil ? nil : error
        }
        guard (try? await Task.sleep(for: Patience.usual.limit)) != nil else { return nil }
        // If several lists are in progress, no other call may get a connection.
        if callCount == 1 {
            do {
                try await ask(.usual) { try await $0.ping() }
            } catch {
                return Task.isCancelled ? nil : error
            }
        }
        return (try? await Task.sleep(for: patience.limit)) == nil ? nil : error
    }

    private func begin(_ patience: Patience) throws(TaskStorageError) {
        let failure: (any Error)? = state.withLock { state in
            if let failure = state.failure {
                guard !state.isProbing, ContinuousClock.now >= state.retryTime else { return failure }
                state.isProbing = true
            }
            state.callCount += 1
            if case .long = patience { state.listCount += 1 }
            return nil
        }
        if let failure { throw away(failure) }
    }

    private func end(_ patience: Patience, _ failure: (any Error)?) {
        leave(patience)
        if let failure { fail(failure) } else { answered() }
    }

    private func leave(_ patience: Patience) {
        state.withLock { state in
            state.callCount -= 1
            if case .long = patience { state.listCount -= 1 }
            state.isProbing = false
        }
    }

    private func fail(_ error: any Error) {
        state.withLock { state in
            state.failure = error
            state.retryTime = .now + Self.retryInterval
        }
    }

    private func isTransient(_ error: any Error) -> Bool {
        switch store.classify(error) {
        case .transient, .indeterminate: true
        default: false
        }
    }

    private func away(_ cause: any Error) -> TaskStorageError {
        // Don't wrap the same error again.
        if let error = cause as? TaskStorageError, error.code == .storeAway { return error }
        return TaskStorageError(
            .storeAway, "\(store.name) can't be reached, and the buffer alone can't answer: try again when it is back.",
            cause: cause, isRetriable: true)
    }
}
