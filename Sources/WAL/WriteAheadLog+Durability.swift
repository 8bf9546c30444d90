extension WriteAheadLog {
    /// Suspends until a record is durable, and starts a sync if none is under way.
    ///
    /// - Parameter sequence: The number of a record that was appended.
    /// - Throws: ``WALError/Code/indeterminate`` if the sync failed; ``WALError/Code/closed``; ``WALError/Code/cancelled``;
    ///   ``WALError/Code/invalidArgument`` for a number that no record has yet.
    public func waitUntilDurable(_ sequence: SequenceNumber) async throws(WALError) {
        try require(sequence)
        try await engine.commit.waitUntilDurable(.sequence(sequence.rawValue))
    }

    /// Blocks until a record is durable; see ``waitUntilDurable(_:)``.
    @available(*, noasync, message: "Blocks the thread. Await waitUntilDurable(_:) instead.")
    public func waitUntilDurableBlocking(_ sequence: SequenceNumber) throws(WALError) {
        try require(sequence)
        try engine.commit.blockUntilDurable(.sequence(sequence.rawValue))
    }

    /// Makes everything durable that was appended before the call, cursors included. Suspends for the sync, and for the next segment if
    /// a change of a cursor waits for it.
    ///
    /// On a full disk, and while the disk budget is used up, such a change stays pending: see ``setCursor(_:to:)``.
    ///
    /// - Returns: The last durable sequence number.
    /// - Throws: ``WALError/Code/indeterminate`` if the sync failed; ``WALError/Code/closed``; ``WALError/Code/cancelled``; the error of a
    ///   segment that couldn't be made for such a change, although the records are durable.
    @discardableResult
    public func sync() async throws(WALError) -> SequenceNumber {
        var failure: WALError?
        do throws(WALError) { try await engine.appender.appendPendingMarkers() } catch { failure = error }
        try await engine.commit.waitUntilDurable(.position(engine.catalog.waitForClaimed().position))
        if let failure { throw failure }
        return durableSequence
    }

    /// Makes everything durable as ``sync()`` does. Blocks for the sync.
    @available(*, noasync, message: "Blocks the thread. Await sync() instead.")
    @discardableResult
    public func syncBlocking() throws(WALError) -> SequenceNumber {
        let markers = Result { () throws(WALError) in try engine.appender.appendPendingMarkersBlocking() }
        try engine.commit.blockUntilDurable(.position(engine.catalog.waitForClaimed().position))
        try markers.get()
        return durableSequence
    }

    private func require(_ sequence: SequenceNumber) throws(WALError) {
        guard sequence > durableSequence else { return }
        let last = lastSequence
        guard sequence <= last else {
            throw WALError(
                .invalidArgument, "No record has the sequence number \(sequence) yet. The last is \(last).")
        }
    }
}
