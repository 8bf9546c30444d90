/// The description of a segment for tools.
public struct SegmentInfo: Hashable, Sendable {
    /// The stage of a segment's life.
    public enum State: String, Sendable {
        /// The segment is empty and ready for use.
        case prepared
        /// Producers append to the segment.
        case active
        /// The segment has ended and has no footer yet, or a crash left it without one.
        case unsealed
        /// The segment is complete and has its footer.
        case sealed
        /// The segment's header can't be read.
        case damaged
    }

    /// The segment's number. A log's segments are numbered from 1.
    public var number: UInt64
    /// The path of the segment's file.
    public var path: String
    /// The stage of the segment's life.
    public var state: State
    /// The sequence number of the first record, or the one that the first record will have.
    public var firstSequence: SequenceNumber
    /// The last record's sequence number, if the segment is sealed.
    public var lastSequence: SequenceNumber?
    /// The earliest time of the segment's records, if it is sealed and has any.
    public var firstTime: Timestamp?
    /// The latest time of the segment's records, if it is sealed and has any.
    public var lastTime: Timestamp?
    /// The number of records that can be read, if the segment is sealed.
    public var recordCount: UInt64?
    /// The size of the payloads before compression in bytes, if the segment is sealed.
    public var payloadSize: UInt64?
    /// The size of the file in bytes.
    public var fileSize: Int
    /// The size of header and frames in bytes, if the segment is sealed. For a compressed segment, the size of the
    /// file.
    public var usedSize: Int?
    /// The log's epoch when the segment was begun: a counter that increases whenever recovery discards data or sequence
    /// numbers are skipped.
    public var epoch: UInt64

    init(_ entry: CatalogEntry) {
        let state: State =
            switch entry.stage {
            case .active: .active
            case .ended: .unsealed
            case .sealed, .durable: .sealed
            }
        self.init(entry.segment, footer: entry.footer, fileSize: entry.fileSize, state: state)
    }

    init(_ segment: Segment, footer: SegmentFooter?, fileSize: Int, state: State) {
        number = segment.number
        path = segment.path
        self.state = state
        firstSequence = SequenceNumber(rawValue: segment.header.baseSequence)
        self.fileSize = fileSize
        epoch = segment.header.epoch
        guard let footer else { return }
        lastSequence = SequenceNumber(rawValue: footer.finalSequence)
        recordCount = footer.recordCount
        payloadSize = footer.payloadSize
        usedSize = segment.isCompressed ? fileSize : footer.offset
        guard footer.recordCount > 0 else { return }
        firstTime = Timestamp(rawValue: footer.firstTime)
        lastTime = Timestamp(rawValue: footer.lastTime)
    }

    init(damaged number: UInt64, path: String, fileSize: Int) {
        self.number = number
        self.path = path
        state = .damaged
        firstSequence = .zero
        self.fileSize = fileSize
        epoch = 0
    }
}

extension [SegmentInfo] {
    /// Returns the number after the last record of the last segment that begins before `number`, but at most `number`.
    ///
    /// A promotion skips 2^40 numbers, and no search could go through them step by step.
    package func end(before number: UInt64) -> UInt64 {
        let segment = self.last {
            $0.state != .prepared && $0.state != .damaged && $0.firstSequence.rawValue < number
        }
        return Swift.min(number, segment?.lastSequence?.next.rawValue ?? number)
    }
}
