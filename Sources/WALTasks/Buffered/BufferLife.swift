internal import Synchronization
internal import WAL

/// The life of a buffered storage: whether it is open, its running tasks, and the error that ended delivery.
final class BufferLife: Sendable {
    private struct State {
        var delivery: Task<Void, Never>?
        var housekeeping: Task<Void, Never>?
        var deliveryError: (any Error)?
        var closing: Task<Result<UInt64, TaskStorageError>, Never>?
    }

    private let state = Monitor(State())
    // Separate from `state`, because every call reads it.
    private let isClosed = Atomic<Bool>(false)

    /// The error that ended delivery. Nil while delivery continues.
    var deliveryError: (any Error)? { state.withLock { $0.deliveryError } }

    /// Whether the storage is closed or closing.
    var isRefusing: Bool { isClosed.load(ordering: .acquiring) }

    func checkOpen() throws(TaskStorageError) {
        if isRefusing { throw TaskStorageError(.closed, "The storage was closed.") }
    }

    /// Starts delivery and housekeeping.
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

    /// Stops delivery, and suspends until it has ended.
    func stopDelivery() async {
        let (delivery, housekeeping) = state.withLock { ($0.delivery, $0.housekeeping) }
        housekeeping?.cancel()
        delivery?.cancel()
        await delivery?.value
        await housekeeping?.value
    }

    /// Suspends until delivery has ended.
    func waitForDelivery() async {
        await state.withLock { $0.delivery }?.value
    }

    /// Refuses all later calls and runs `body`. Only the first call runs it; the other calls wait for its result.
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
