public import WAL

/// The sequence numbers of appended events. ``waitUntilDurable()`` suspends until the events are durable.
public struct EventReceipt: Sendable {
    /// The sequence numbers of the events.
    public let sequences: ClosedRange<SequenceNumber>
    private let log: WriteAheadLog

    init(_ sequences: ClosedRange<SequenceNumber>, in log: WriteAheadLog) {
        self.sequences = sequences
        self.log = log
    }

    /// The sequence number of the event; for several events, the number of the last one.
    public var sequence: SequenceNumber { sequences.upperBound }

    /// Suspends until the events are durable. Starts a sync if none is running.
    ///
    /// - Throws: `WALError.Code.indeterminate` if the sync failed; `closed` if the log was closed; `cancelled` if the
    ///   task was canceled.
    public func waitUntilDurable() async throws(WALError) {
        try await log.waitUntilDurable(sequence)
    }
}
