public import Logging
public import Metrics

/// A replica of another log, its source: a log whose records have the source's sequence numbers and times.
///
/// A replica has an identifier of its own, and remembers the source's in every segment. ``WriteAheadLog`` doesn't open
/// a replica, so nothing gives a number to a record that the source doesn't have. ``ReadOnlyLog`` reads it like any
/// log. After the loss of the source, ``promote(at:above:configuration:logger:)`` makes the replica a log that takes
/// records.
///
/// The replica's position is stored with the records, in one atomic append. So a process that is killed at any point continues exactly
/// after the last record that the replica has.
public final class LogReplica: Sendable {
    /// A replica's position in its source.
    public struct Position: Hashable, Sendable {
        /// The number of the last record that the replica has processed. The source may have no record with this
        /// number.
        public var sequence: SequenceNumber
        /// The highest epoch of the source's owners so far.
        public var epoch: UInt64

        /// Makes a position.
        public init(sequence: SequenceNumber, epoch: UInt64) {
            self.sequence = sequence
            self.epoch = epoch
        }
    }

    let log: WriteAheadLog
    /// Held during an append, so that appends run one at a time.
    private let state: Monitor<Position>
    /// The position, for callers that don't wait for an append.
    private let reached: Monitor<Position>

    /// The identifier of the source.
    public let source: LogID

    private init(_ log: WriteAheadLog, of source: LogID) {
        self.log = log
        self.source = source
        let mark = log.bookmarks[LogKind.bookmarkName]
        // Past the bookmark are only records that were lost by damage, and numbers that the source doesn't have.
        let position = Position(
            sequence: max(mark.map { SequenceNumber(rawValue: $0.position) } ?? .zero, log.lastSequence),
            epoch: mark.flatMap { Self.epoch(in: $0.metadata) } ?? 0)
        state = Monitor(position)
        reached = Monitor(position)
    }

    private static func epoch(in metadata: [UInt8]) -> UInt64? {
        unsafe metadata.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            return reader.number()
        }
    }

    /// Opens the replica in a directory, or creates it there, and recovers it. Suspends for the time of the recovery.
    ///
    /// - Parameters:
    ///   - directory: The path of the replica's directory, made if it isn't there.
    ///   - source: The identifier of the log that it replicates.
    ///   - configuration: The configuration of the replica. Segments end by their size alone.
    ///   - logger: Logs openings, closings and changes of state.
    ///   - metrics: The backend of the log's metrics.
    /// - Throws: The errors of ``WriteAheadLog/open(at:configuration:logger:metrics:)``, and
    ///   ``WALError/Code/invalidArgument`` if the directory has a log that isn't a replica of this source.
    public static func open(
        at directory: String, of source: LogID, configuration: WriteAheadLog.Configuration = .init(),
        logger: Logger? = nil, metrics: (any MetricsFactory)? = nil
    ) async throws(WALError) -> LogReplica {
        try await Blocking.run { () throws(WALError) in
            try openBlocking(
                at: directory, of: source, configuration: configuration, logger: logger, metrics: metrics)
        }
    }

    /// Opens the replica in a directory as ``open(at:of:configuration:logger:metrics:)`` does. Blocks for the time of the recovery.
    @available(*, noasync, message: "Blocks the thread for the time of the recovery. Await open(at:of:) instead.")
    public static func openBlocking(
        at directory: String, of source: LogID, configuration: WriteAheadLog.Configuration = .init(),
        logger: Logger? = nil, metrics: (any MetricsFactory)? = nil
    ) throws(WALError) -> LogReplica {
        try configuration.validate()
        let log = try WriteAheadLog(
            in: Directory.make(directory), configuration: configuration, logger: logger, metrics: metrics,
            as: .replica(of: source))
        return LogReplica(log, of: source)
    }

    /// The replica's own identifier.
    public var id: LogID { log.id }
    /// The replica's directory.
    public var directory: String { log.directory }
    /// The findings of the opening, with the steps that it took.
    public var recovery: RecoveryReport { log.recovery }
    /// The replica's position. Reading it doesn't wait for a running append.
    public var position: Position { reached.withLock { $0 } }
    /// The first record that is still there; one more than the last one if there is none.
    public var firstSequence: SequenceNumber { log.firstSequence }
    /// The last durable record.
    public var durableSequence: SequenceNumber { log.durableSequence }

    // MARK: Appending

    /// Appends records of the source, and moves the replica's position. Suspends while no segment is ready.
    ///
    /// The records become visible in parts, at least one for each run of consecutive numbers. Each part has its own position, so the replica
    /// continues after a crash with the next record.
    ///
    /// - Parameters:
    ///   - batch: Records with numbers above the current position, up to and including the new one. Without records,
    ///     only the position moves.
    ///   - position: The replica's position after the append. Neither its sequence number nor its epoch is lower than
    ///     before.
    /// - Throws: The errors of ``WriteAheadLog/append(_:)-(RawSpan)``, and ``WALError/Code/invalidArgument`` for
    ///   numbers that aren't in this order, or that an append that failed has skipped.
    public func append(_ batch: Batch, to position: Position) async throws(WALError) {
        try await Blocking.run { () throws(WALError) in try self.appendBlocking(batch, to: position) }
    }

    /// Appends records of the source as ``append(_:to:)`` does. Blocks while no segment is ready.
    @available(*, noasync, message: "Blocks the thread. Await append(_:to:) instead.")
    public func appendBlocking(_ batch: Batch, to position: Position) throws(WALError) {
        try state.withLock { state throws(WALError) in
            try require(batch, from: state, to: position)
            for part in batch.parts(sizeMax: partSizeMax) {
                let last = batch.sequences[part.records.upperBound - 1]
                let isLast = part.records.upperBound == batch.count
                let next = Position(
                    sequence: isLast ? position.sequence : SequenceNumber(rawValue: last), epoch: position.epoch)
                let first = batch.sequences[part.records.lowerBound]
                try log.appender.advance(to: first)
                let given = try log.appender.appendReplicated(
                    batch.records.part(part.records, at: part.offset), times: Array(batch.times[part.records]),
                    bookmark: Self.bookmark(next))
                precondition(given == first, "the replica gave the number \(given) to the record \(first)")
                move(&state, to: next)
                if log.isSyncedAlways { try log.engine.commit.blockUntilDurable(.sequence(last)) }
            }
            guard state != position else { return }
            try log.setBookmark(Self.bookmark(position))
            move(&state, to: position)
        }
    }

    private func move(_ state: inout Position, to position: Position) {
        state = position
        reached.withLock { $0 = position }
    }

    private static func bookmark(_ position: Position) -> Bookmark {
        var metadata: [UInt8] = []
        metadata.add(position.epoch)
        return Bookmark(
            name: LogKind.bookmarkName, position: position.sequence.rawValue, metadata: metadata)
    }

    private func require(_ batch: Batch, from state: Position, to position: Position) throws(WALError) {
        func refuse(_ reason: String) -> WALError {
            WALError(.invalidArgument, "The replica \(directory) can't take these records: \(reason).")
        }
        guard position.sequence.rawValue < SegmentName.numberMax else {
            throw refuse("the position \(position.sequence) is beyond 2^62")
        }
        guard position.sequence >= state.sequence, position.epoch >= state.epoch else {
            throw refuse(
                "it is at record \(state.sequence) and epoch \(state.epoch), and \(position.sequence) and \(position.epoch) would go back"
            )
        }
        var before = state.sequence.rawValue
        for (sequence, time) in zip(batch.sequences, batch.times) {
            guard sequence > before, sequence < SegmentName.numberMax else {
                throw refuse("record \(sequence) comes after record \(before)")
            }
            guard (time << 8) >> 8 == time else { throw refuse("record \(sequence) has the time \(time)") }
            before = sequence
        }
        guard before <= position.sequence.rawValue else {
            throw refuse("record \(before) is past the position \(position.sequence)")
        }
    }

    /// The largest content of a part. A record that is larger has a part of its own.
    private var partSizeMax: Int { min(4 << 20, log.appender.recordSizeMax - 256) }

    // MARK: Operating

    /// Makes everything durable that was appended before the call. Suspends for the sync.
    ///
    /// - Throws: ``WALError/Code/indeterminate`` if the sync failed; ``WALError/Code/closed``; ``WALError/Code/cancelled``.
    public func sync() async throws(WALError) {
        try await log.sync()
    }

    /// Makes everything durable, and frees the directory. Suspends until that is done; see ``WriteAheadLog/close()``.
    ///
    /// - Throws: ``WALError/Code/indeterminate`` if not everything could be made durable. The directory is free all the same.
    public func close() async throws(WALError) {
        try await log.close()
    }

    /// Closes the replica as ``close()`` does. Blocks until that is done.
    @available(*, noasync, message: "Blocks the thread. Await close() instead.")
    public func closeBlocking() throws(WALError) {
        try log.closeBlocking()
    }
}
