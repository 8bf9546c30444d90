internal import ServiceLifecycle
internal import WAL
internal import WALDelivery

extension BufferedTaskStorage {
    /// Runs in a service group until the group shuts down or delivery fails permanently.
    ///
    /// In both cases it drains and closes the storage. If it is canceled, it closes the storage without draining. An
    /// unavailable store isn't a failure: undelivered changes stay in the log for the next start, and a warning states
    /// their number. The end of a best-effort sink isn't a failure either.
    ///
    /// - Throws: the codes of ``close(within:)``.
    public func run() async throws {
        let (ended, continuation) = AsyncStream<Never>.makeStream()
        life.whenDeliveryEnds { continuation.finish() }
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

    /// Delivers the log's records to the store and the required sinks for up to `timeout`, then closes all of them and the log.
    ///
    /// The last quarter of the timeout, at most two seconds, is reserved for calls of a store that hangs. All later
    /// calls throw `closed`, except this one, which returns or throws the same result again.
    ///
    /// - Returns: The number of records that stay in the log for the next start to deliver. 0 if the store and every required sink
    ///   have every change.
    /// - Throws: ``TaskStorageError``:
    ///   - `deliveryFailed`, with the number of remaining records, if delivery had failed permanently before; the log
    ///     is closed nevertheless
    ///   - `logFailed` if the log couldn't make every record durable
    @discardableResult
    public func close(within timeout: Duration) async throws(TaskStorageError) -> UInt64 {
        try await life.close { [self] () async throws(TaskStorageError) in try await shutDown(within: timeout) }
    }

    private func shutDown(within timeout: Duration) async throws(TaskStorageError) -> UInt64 {
        let start = ContinuousClock.now
        // Half of it is for calls of the store that ignore their cancellation, and half for closing its connections.
        let reserve = min(timeout / 4, .seconds(2))
        let grace = max(reserve / 2, .milliseconds(500))
        _ = await returns(within: timeout - reserve) { [self] in await drainRequired() }
        // Read the error before stopping delivery, so that the stop itself isn't taken for a failure.
        let failure = life.failure
        let hasEnded = await returns(within: grace) { [life] in await life.stopDelivery() }
        let remaining = requiredDepth
        let logError = await closeLog()
        let isStoreClosed = await returns(within: grace) { [store, events] in
            do { try await store.close() } catch { events.storeNotClosed(error) }
        }
        if !hasEnded || !isStoreClosed { events.storeHangs() }
        events.closed(remaining: remaining, in: ContinuousClock.now - start)
        if let failure {
            throw TaskStorageError(
                .deliveryFailed, "Delivery to \(failure.name) had ended; the next start delivers \(remaining) records.",
                cause: failure.error, remaining: remaining)
        }
        if let logError { throw logError }
        return remaining
    }

    /// Suspends until the store and each required sink have every record, or have failed.
    private func drainRequired() async {
        await withTaskGroup { group in
            for flusher in requiredFlushers { group.addTask { try? await flusher.drain() } }
        }
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
            // Without space for another segment, the log can't keep the store's position. The store knows it itself.
            if error.code == .indeterminate, log.durableSequence >= log.lastSequence {
                events.cursorNotKept(error)
                return nil
            }
            return TaskStorageError(log: error)
        }
    }
}
