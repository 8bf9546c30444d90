/// The functions of an open log for the package's other modules.
extension WriteAheadLog {
    /// Ensures that no new record gets a sequence number up to and including `last`, and raises the epoch. Suspends
    /// while no segment is ready. Returns the highest of these numbers that a record already has.
    package func skipSequences(through last: SequenceNumber) async throws(WALError) -> SequenceNumber {
        SequenceNumber(rawValue: try await engine.appender.skipSequences(through: last.rawValue))
    }

    /// Requests a sync of everything that was appended before the call. Returns at once, and never waits for the sync.
    package func requestSync() {
        appender.syncRequests.requestSync()
    }

    /// Sets a bookmark without a record. Never blocks.
    package func setBookmark(_ mark: Bookmark) throws(WALError) {
        try engine.appender.set(.bookmark(mark))
    }

    /// Returns whether a batch fits into a segment. Encodes and compresses the batch.
    package func fits(_ batch: RecordBatch, bookmark: Bookmark) -> Bool {
        appender.fits(batch, bookmark)
    }

    /// Claims a consumer's name in this process, until ``releaseConsumer(_:)``.
    package func claimConsumer(_ name: String) throws(WALError) {
        try ConsumerFolder.requireName(name)
        guard consumerNames.withLock({ $0.insert(name).inserted }) else {
            throw WALError(
                .locked,
                "The consumer \(name) of \(directory) has an owner already. Close that one, or use another name.",
                isRetriable: true)
        }
    }

    package func releaseConsumer(_ name: String) {
        _ = consumerNames.withLock { $0.remove(name) }
    }

    /// The flushers into the log's sinks.
    package var sinks: SinkRegistry { engine.sinks }

    /// The log's directory, held open.
    package var heldDirectory: Directory { engine.directory }

    /// The last record before the first segment that is still there.
    package var lastRemovedSequence: SequenceNumber { engine.catalog.lastRemovedSequence }

    /// The number of log bytes after a record. Exact at segment boundaries, interpolated within a segment.
    package func byteCount(after sequence: SequenceNumber) -> UInt64 {
        engine.catalog.byteCount(after: sequence.rawValue)
    }

    /// The number of log bytes that a batch takes without compression: those of its frame.
    package static func frameSize(records: Int, payloads: Int) -> Int {
        Frame.size(bodySize: BatchBody.headerSize + roundedUp8(4 * records) + payloads)
    }

    /// The number of log bytes before the frames of a segment.
    package static var segmentHeaderSize: Int { SegmentHeader.size }
}
