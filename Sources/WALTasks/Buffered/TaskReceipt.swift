public import WAL
internal import WALDelivery

/// The position of a change in the log of a ``BufferedTaskStorage``, for waiting until it is durable or in the store.
public struct TaskReceipt: Hashable, Sendable {
    /// The sequence number of the change, or of the last of several changes. Zero if there was no change.
    public let sequence: SequenceNumber
}

extension BufferedTaskStorage {
    /// Suspends until a change survives a power loss, and syncs the log if no other caller does.
    ///
    /// - Throws: ``TaskStorageError``:
    ///   - `logFailed` if the sync failed or the task was canceled
    ///   - `closed` if the storage was closed
    public func waitUntilDurable(_ receipt: TaskReceipt) async throws(TaskStorageError) {
        do throws(WALError) {
            try await writeAheadLog.waitUntilDurable(receipt.sequence)
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    /// Suspends until the store has a change and all earlier changes. Delivers it without waiting for more changes.
    ///
    /// While the store is unavailable, it keeps waiting. Cancel the task to give up.
    ///
    /// - Throws: ``TaskStorageError``: `deliveryFailed` if delivery has ended or the task was canceled; see its
    ///   cause.
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
