/// What the package's other modules need of an open log.
extension WriteAheadLog {
    /// Ensures that no new record gets a sequence number up to `last`, and raises the epoch. Suspends while no segment is ready. Returns
    /// the highest of these numbers that a record already has.
    package func skipSequences(through last: SequenceNumber) async throws(WALError) -> SequenceNumber {
        SequenceNumber(rawValue: try await engine.appender.skipSequences(through: last.rawValue))
    }

    /// Requests a sync of everything that was appended before the call. Returns at once, and never waits for the sync.
    package func requestSync() {
        appender.syncRequests.requestSync()
    }

    /// The log's directory, held open.
    package var heldDirectory: Directory { engine.directory }

    /// The last record before the first segment that is still there.
    package var lastRemovedSequence: SequenceNumber { engine.catalog.lastRemovedSequence }

    /// The number of log bytes after a record. Exact at segment boundaries, interpolated within a segment.
    package func byteCount(after sequence: SequenceNumber) -> UInt64 {
        engine.catalog.byteCount(after: sequence.rawValue)
    }
}
