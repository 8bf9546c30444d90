public import WAL
internal import WALDelivery

/// Says where a change is in the log of a ``BufferedTaskStorage``: for waiting until it is durable, or in the store.
public struct TaskReceipt: Hashable, Sendable {
    /// The change's sequence number, of several changes the last one's; zero if there was nothing to change.
    public let sequence: SequenceNumber
}

extension BufferedTaskStorage {
    /// Returns when a change survives a power loss, and has the log synced if nobody else does.
    ///
    /// - Throws: ``TaskStorageError``: `logFailed` if the sync failed or the task was cancelled, `closed`.
    public func waitUntilDurable(_ receipt: TaskReceipt) async throws(TaskStorageError) {
        do throws(WALError) {
            try await writeAheadLog.waitUntilDurable(receipt.sequence)
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    /// Returns when the store has a change, and everything that was changed before it. Delivers it without waiting for more.
    ///
    /// While the store is away it goes on waiting: cancel the task to give up.
    /// - Throws: ``TaskStorageError``: `deliveryFailed` if delivery has ended or the task was cancelled; see its cause.
    public func waitUntilApplied(_ receipt: TaskReceipt) async throws(TaskStorageError) {
        do throws(WALError) {
            try await flusher.waitUntilApplied(receipt.sequence)
        } catch {
            throw TaskStorageError(
                .deliveryFailed, "\(store.name) doesn't have the change with number \(receipt.sequence) yet.",
                cause: error,
                isRetriable: error.isRetriable, remaining: depth)
        }
    }
}
