internal import ServiceLifecycle
internal import WAL
internal import WALDelivery

extension BufferedTaskStorage {
    /// For a service group: returns when the group shuts down, or throws when delivery has failed for good.
    ///
    /// Drains and closes the storage in both cases; when it is cancelled, closes it without draining. A store that is away is no
    /// failure: what it lacks stays in the log for the next start, and a warning says how many records that is.
    /// - Throws: as ``close(within:)``.
    public func run() async throws {
        let (ended, continuation) = AsyncStream<Never>.makeStream()
        let life = life
        Task {
            await life.waitForDelivery()
            continuation.finish()
        }
        await withGracefulShutdownHandler {
            for await _ in ended {}
        } onGracefulShutdown: {
            continuation.finish()
        }
        try await close(within: Task.isCancelled ? .zero : configuration.drainTimeout)
    }

    /// Closes the storage as ``close(within:)`` does, within ``TaskBufferConfiguration/drainTimeout``.
    @discardableResult
    public func close() async throws -> UInt64 {
        try await close(within: configuration.drainTimeout)
    }

    /// Delivers what is in the log for up to `timeout`, then closes log and store. Returns how many records stay in the log for the
    /// next start, which delivers them: 0 if the store has everything.
    ///
    /// Of the timeout, the last quarter, two seconds at most, is for ending what a store that hangs doesn't end. Calls after this one
    /// throw `closed`, but for this one, which returns or throws the same again.
    /// - Throws: ``TaskStorageError``: `deliveryFailed`, with the number of records that remain, if delivery had ended for good
    ///   before; the log is closed all the same. Or `logFailed` if the log couldn't make everything durable.
    @discardableResult
    public func close(within timeout: Duration) async throws(TaskStorageError) -> UInt64 {
        try await life.close { [self] () async throws(TaskStorageError) in try await shutDown(within: timeout) }
    }

    private func shutDown(within timeout: Duration) async throws(TaskStorageError) -> UInt64 {
        let start = ContinuousClock.now
        // Half of it for calls of the store that don't end when they are cancelled, and half for its connections.
        let reserve = min(timeout / 4, .seconds(2))
        let grace = max(reserve / 2, .milliseconds(500))
        _ = await returns(within: timeout - reserve) { [flusher] in _ = try? await flusher.drain() }
        // After this, delivery ends for no other reason than that it must.
        let deliveryError = life.deliveryError
        let hasEnded = await returns(within: grace) { [life] in await life.stopDelivery() }
        let remaining = depth
        let logError = await closeLog()
        let isStoreClosed = await returns(within: grace) { [store, events] in
            do { try await store.close() } catch { events.storeNotClosed(error) }
        }
        if !hasEnded || !isStoreClosed { events.storeHangs() }
        events.closed(remaining: remaining, in: ContinuousClock.now - start)
        if let deliveryError {
            throw TaskStorageError(
                .deliveryFailed, "Delivery to \(store.name) had ended; the next start delivers \(remaining) records.",
                cause: deliveryError, remaining: remaining)
        }
        if let logError { throw logError }
        return remaining
    }

    private func closeLog() async -> TaskStorageError? {
        let (log, overlay) = (writeAheadLog, overlay)
        do throws(WALError) {
            try await Blocking.run { () throws(WALError) in
                overlay.close()
                try log.closeBlocking()
            }
            return nil
        } catch {
            // Without space for another segment the log forgets how far the store is. The store knows that itself.
            if error.code == .indeterminate, log.durableSequence >= log.lastSequence {
                events.cursorNotKept(error)
                return nil
            }
            return TaskStorageError(log: error)
        }
    }
}
