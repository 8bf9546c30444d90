internal import WAL
internal import WALDelivery

/// The decision about each message of a stream, in order (FORMAT.md, "Reading a stream").
struct StreamRules {
    /// The decoded headers of a message.
    struct Head {
        var number: UInt64
        var kind: StreamState.Kind
        var log: LogID
        var epoch: UInt64
        var previous: UInt64
        var last: UInt64
        /// The positions of all lanes after the message.
        var positions: Set<UInt64>

        /// A number above all sequence numbers of a log.
        private static let lastMax: UInt64 = 1 << 62

        /// Reads the headers of a message.
        init(_ headers: [String: String], number: UInt64, stream: String) throws(JetStreamError) {
            guard let kind = headers[StreamState.Key.kind].flatMap(StreamState.Kind.init(rawValue:)),
                let log = headers[StreamState.Key.log].flatMap({ LogID($0) }),
                let epoch = headers[StreamState.Key.epoch].flatMap(UInt64.init),
                let previous = headers[StreamState.Key.previous].flatMap(UInt64.init),
                let last = headers[StreamState.Key.last].flatMap(UInt64.init), last < Self.lastMax,
                let state = headers[StreamState.Key.lanes].flatMap(StreamState.init)
            else {
                throw JetStreamError(
                    .foreignStream,
                    "The message \(number) of the stream \(stream) belongs to no log. Name a stream that a JetStreamSink writes."
                )
            }
            self.number = number
            self.kind = kind
            self.log = log
            self.epoch = epoch
            self.previous = previous
            self.last = last
            positions = Set(state.lanes.map(\.position.rawValue))
        }

        /// Throws if the message belongs to another log.
        func require(_ source: LogID, stream: String) throws(JetStreamError) {
            guard log == source else {
                throw JetStreamError(
                    .foreignStream,
                    "The message \(number) of the stream \(stream) belongs to the log \(log), not \(source). Name another stream."
                )
            }
        }
    }

    enum Decision: Hashable {
        /// The message came late from an earlier owner.
        case olderEpoch
        /// The records are known.
        case known
        /// A claim, without records.
        case claim
        /// The records above this position are new.
        case records(above: UInt64)
    }

    let source: LogID
    let stream: String
    let acceptsGaps: Bool
    private(set) var position: LogReplica.Position
    /// The highest epoch of this stream so far. The epoch of the position is the highest one of all streams of the log.
    private var epoch: UInt64
    /// The highest record in messages that came late from an earlier owner. The next owner sends the records again.
    private var lateSequence: UInt64 = 0
    /// The number of accepted gaps.
    private(set) var gapCount = 0

    /// Makes the rules at a position.
    ///
    /// - Parameter lastEpoch: The epoch of the stream's last owner, or 0 if the stream is read from its first message.
    ///   A stream that replaces another one begins with lower epochs.
    init(
        source: LogID, stream: String, position: LogReplica.Position, lastEpoch: UInt64? = nil, acceptsGaps: Bool
    ) {
        self.source = source
        self.stream = stream
        self.position = position
        epoch = lastEpoch.map { $0 < position.epoch ? 0 : position.epoch } ?? position.epoch
        self.acceptsGaps = acceptsGaps
    }

    /// Whether late messages have records that no later message has had yet.
    ///
    /// In a stream that replaces another one and has had as many owners, messages look late that aren't. Reading from
    /// the first message takes them.
    var lacksLateRecords: Bool { lateSequence > position.sequence.rawValue }

    /// Decides about the next message, and moves the position past it.
    ///
    /// - Throws: ``JetStreamError``. With the code `gap`, records before the message are missing, and the position
    ///   stays.
    mutating func decide(_ head: Head) throws(JetStreamError) -> Decision {
        try head.require(source, stream: stream)
        guard head.epoch >= epoch else {
            lateSequence = max(lateSequence, head.last)
            return .olderEpoch
        }
        // A reader can't know which records the lanes that lag have.
        let isEqual = head.positions == [head.last]
        guard head.kind == .claim || isEqual else {
            throw JetStreamError(
                .unsafeStream,
                "The lanes of the stream \(stream) have different positions at the message \(head.number). Follow it when they are equal."
            )
        }
        let before = position.sequence.rawValue
        // A claim is the only message that shows the gap if the batches before it were removed.
        let isGap = isEqual && head.last > before && head.previous > before
        if isGap {
            guard acceptsGaps else {
                throw JetStreamError(
                    .gap,
                    """
                    The stream \(stream) lacks the records \(before + 1) to \(head.previous), which come before its message \(head.number). \
                    Restore them from a backup of the log, or accept gaps.
                    """)
            }
            gapCount += 1
        }
        epoch = head.epoch
        position.epoch = max(position.epoch, epoch)
        guard head.kind != .claim else {
            if isGap { position.sequence = SequenceNumber(rawValue: head.last) }
            return .claim
        }
        guard head.last > before else { return .known }
        position.sequence = SequenceNumber(rawValue: head.last)
        return .records(above: before)
    }
}
