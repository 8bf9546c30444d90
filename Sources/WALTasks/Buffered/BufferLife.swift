internal import Synchronization
internal import WAL

/// Whether a buffered storage is open, what runs for it, and how it ended.
final class BufferLife: Sendable {
    private struct State {
        var delivery: Task<Void, Never>?
        var housekeeping: Task<Void, Never>?
        var deliveryError: (any Error)?
        var closing: Task<Result<UInt64, TaskStorageError>, Never>?
    }

    private let state = Monitor(State())
    // Apart from `state`, because every call looks at it.
    private let isClosed = Atomic<Bool>(false)

    /// The error that delivery ended with; nil while it goes on.
    var deliveryError: (any Error)? { state.withLock { $0.deliveryError } }

    /// Whether the storage was closed, or is being closed.
    var isRefusing: Bool { isClosed.load(ordering: .acquiring) }

    func checkOpen() throws(TaskStorageError) {
        if isRefusing { throw TaskStorageError(.closed, "The storage was closed.") }
    }

    /// Begins to deliver, and what is done beside that.
    func start(
        delivery: @escaping @Sendable () async throws -> Void, housekeeping: @escaping @Sendable () async -> Void
    ) {
        let deliveryTask = Task { [self] in
            do {
                try await delivery()
            } catch {
                state.withLock { $0.deliveryError = error }
            }
        }
        let housekeepingTask = Task { await housekeeping() }
        state.withLock {
            $0.delivery = deliveryTask
            $0.housekeeping = housekeepingTask
        }
    }

    /// Ends delivery; returns when it has ended.
    func stopDelivery() async {
        let (delivery, housekeeping) = state.withLock { ($0.delivery, $0.housekeeping) }
        housekeeping?.cancel()
        delivery?.cancel()
        await delivery?.value
        await housekeeping?.value
    }

    /// Returns when delivery has ended.
    func waitForDelivery() async {
        await state.withLock { $0.delivery }?.value
    }

    /// Refuses what comes from now on, and runs `body`: the first time only, the others wait for it.
    func close(
        _ body: @escaping @Sendable () async throws(TaskStorageError) -> UInt64
    ) async throws(TaskStorageError) -> UInt64 {
        isClosed.store(true, ordering: .releasing)
        let closing = state.withLock { state in
            let task =
                state.closing
                ?? Task {
                    do throws(TaskStorageError) { return .success(try await body()) } catch { return .failure(error) }
                }
            state.closing = task
            return task
        }
        return try await closing.value.get()
    }
}
