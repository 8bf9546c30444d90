public import WAL

/// The places of appended events in the log, for waiting until they are durable.
public struct EventReceipt: Sendable {
    /// The sequence numbers of the events.
    public let sequences: ClosedRange<SequenceNumber>
    private let log: WriteAheadLog

    init(_ sequences: ClosedRange<SequenceNumber>, in log: WriteAheadLog) {
        self.sequences = sequences
        self.log = log
    }

    /// The sequence number of the event, or of the last of several events.
    public var sequence: SequenceNumber { sequences.upperBound }

    /// Suspends until the events are durable, and starts a sync if none is under way.
    ///
    /// - Throws: `WALError.Code.indeterminate` if the sync failed; `closed`; `cancelled`.
    public func waitUntilDurable() async throws(WALError) {
        try await log.waitUntilDurable(sequence)
    }
}
