/// A segment as tools show it.
public struct SegmentInfo: Hashable, Sendable {
    /// Where a segment is in its life.
    public enum State: String, Sendable {
        /// Ready and empty.
        case prepared
        /// Being appended to.
        case active
        /// Ended, with its footer still to be written; or left behind by a crash.
        case unsealed
        /// Finished.
        case sealed
        /// Its header can't be read.
        case damaged
    }

    /// Counts the segments of a log, from 1.
    public var number: UInt64
    /// The file.
    public var path: String
    /// Where it is in its life.
    public var state: State
    /// The first record's sequence number, or that which it would have.
    public var firstSequence: SequenceNumber
    /// The last record's sequence number, where the segment is sealed.
    public var lastSequence: SequenceNumber?
    /// The earliest time of its records, where the segment is sealed and has any.
    public var firstTime: Timestamp?
    /// The latest time of its records, where the segment is sealed and has any.
    public var lastTime: Timestamp?
    /// Records that can be read, where the segment is sealed.
    public var recordCount: UInt64?
    /// Bytes of the payloads before compression, where the segment is sealed.
    public var payloadSize: UInt64?
    /// Bytes of the file.
    public var fileSize: Int
    /// Bytes of header and frames, where the segment is sealed; of a compressed one, all of the file.
    public var usedSize: Int?
    /// Counts the recoveries that dropped anything, when the segment was begun.
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
