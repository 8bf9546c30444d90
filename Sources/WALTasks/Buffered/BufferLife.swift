internal import Synchronization
internal import WAL
internal import WALDelivery

/// The life of a buffered storage: whether it is open, its running tasks, and the error that ended delivery.
final class BufferLife: Sendable {
    /// The delivery into the store or an additional sink.
    struct Delivery: Sendable {
        /// The name of the store or sink.
        var name: String
        /// Whether its end is a failure of the storage.
        var isRequired: Bool
        var flusher: any AnyFlusher
    }

    /// The error that ended a required delivery.
    struct Failure: Sendable {
        var name: String
        var error: any Error
    }

    private struct State {
        var required: [Task<Void, Never>] = []
        var optional: [Task<Void, Never>] = []
        var housekeeping: Task<Void, Never>?
        var failure: Failure?
        var closing: Task<Result<UInt64, TaskStorageError>, Never>?
    }

    private let state = Monitor(State())
    // Separate from `state`, because every call reads it.
    private let isClosed = Atomic<Bool>(false)

    /// The first error that ended a required delivery. Nil while all of them continue.
    var failure: Failure? { state.withLock { $0.failure } }

    /// Whether the storage is closed or closing.
    var isRefusing: Bool { isClosed.load(ordering: .acquiring) }

    func checkOpen() throws(TaskStorageError) {
        if isRefusing { throw TaskStorageError(.closed, "The storage was closed.") }
    }

    /// Starts deliveries and housekeeping.
    func start(_ deliveries: [Delivery], housekeeping: @escaping @Sendable () async -> Void) {
        let required = deliveries.filter(\.isRequired).map(task(of:))
        let optional = deliveries.filter { !$0.isRequired }.map(task(of:))
        let housekeepingTask = Task { await housekeeping() }
        state.withLock {
            $0.required = required
            $0.optional = optional
            $0.housekeeping = housekeepingTask
        }
    }

    private func task(of delivery: Delivery) -> Task<Void, Never> {
        Task { [self] in
            do {
                try await delivery.flusher.run()
            } catch {
                guard delivery.isRequired else { return }
                state.withLock { state in
                    state.failure = state.failure ?? Failure(name: delivery.name, error: error)
                }
            }
        }
    }

    /// Stops all deliveries, and suspends until they have ended.
    func stopDelivery() async {
        let (deliveries, housekeeping) = state.withLock { ($0.required + $0.optional, $0.housekeeping) }
        housekeeping?.cancel()
        for delivery in deliveries { delivery.cancel() }
        for delivery in deliveries { await delivery.value }
        await housekeeping?.value
    }

    /// Calls `body` when a required delivery has ended, once for each.
    func whenDeliveryEnds(_ body: @escaping @Sendable () -> Void) {
        for delivery in state.withLock(\.required) {
            Task {
                await delivery.value
                body()
            }
        }
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
