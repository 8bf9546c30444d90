import WAL
import WALDelivery
import WALMonitor

/// The details of panes that show more than the status. The details are in the order in which they are shown.
struct TopDetails {
    struct Segment {
        var number: UInt64
        var state: String
        var isCompressed: Bool
        /// The first sequence number; nil for a segment that hasn't begun.
        var first: SequenceNumber?
        var last: SequenceNumber?
        var size: Int
        var time: String?
        var json: String
    }

    struct Letter: Decodable {
        var sequence: String
        var sink: String
        var code: String
        /// The reason; nil if a page hides it.
        var reason: String?
        /// The line of `dead-letters --json`; nil for one that is too large to copy.
        var json: String?
    }

    struct Record {
        /// The record's number, or the place of a gap.
        var identity: String
        var text: String
        /// The line of `dump --json`; nil for one that is too large to copy.
        var json: String?
    }

    /// The largest number of dead letters, and of records, that are shown.
    static let countMax = 100

    /// The segments, from the oldest to the newest.
    var segments: [Segment] = []
    /// The dead letters, from the newest to the oldest.
    var letters: [Letter] = []
    /// The records at the end of the log, from the newest to the oldest.
    var tail: [Record] = []
}

/// A source of a log's state for `wal top`.
protocol TopSource {
    func snapshot() throws -> LogSnapshot
    func details(of pane: TopView.Pane) throws -> TopDetails
}

/// The directory of a log on this machine.
struct DirectorySource: TopSource {
    private let directory: String
    private let log: ReadOnlyLog
    // Rows have the form of the live page, but with all values.
    private let decoder = RowDecoder(.full) { _ in false }

    init(_ directory: String) throws {
        self.directory = directory
        log = try ReadOnlyLog(at: directory)
    }

    func snapshot() throws -> LogSnapshot { try LogSnapshot.read(directory) }

    func details(of pane: TopView.Pane) throws -> TopDetails {
        var details = TopDetails()
        switch pane {
        case .log, .sinks: break
        case .segments: details.segments = try log.segments.map(TopDetails.Segment.init)
        case .deadLetters:
            var letters: [DeadLetterRecord] = []
            var kept = try ReadableLetters(logDirectory: directory)
            while let letter = try kept.next() {
                letters.append(letter)
                if letters.count > TopDetails.countMax { letters.removeFirst() }
            }
            details.letters = letters.reversed().map(TopDetails.Letter.init)
        case .tail: details.tail = try tail()
        }
        return details
    }

    private func tail() throws -> [TopDetails.Record] {
        let last = try LogSnapshot(log).status.lastSequence
        let reader = log.reader(from: try LastNumbers.first(of: TopDetails.countMax, in: log, through: last))
        var records: [TopDetails.Record] = []
        while records.count < TopDetails.countMax,
            let record = try reader.next(
                { record -> (row: [UInt8], json: [UInt8]?)? in
                    // The line of a large record takes long, and can't be copied.
                    let isSmall = record.payload.byteCount <= TopView.copiedMax
                    return (row: decoder.row(record).json, json: isSmall ? RecordLine.json(record) : nil)
                }, gap: { _ in nil })
        {
            if let record { records.append(try TopDetails.Record(row: record.row, json: record.json)) }
        }
        return records.reversed()
    }
}

extension TopDetails.Segment {
    init(_ segment: SegmentInfo) {
        number = segment.number
        state = segment.state.rawValue
        isCompressed = segment.path.hasSuffix(".lz4")
        first = segment.state == .prepared ? nil : segment.firstSequence
        last = segment.lastSequence
        size = segment.fileSize
        time = segment.firstTime?.description
        json = LogOverview.json(of: segment).description
    }
}

extension TopDetails.Letter {
    init(_ letter: DeadLetterRecord) {
        sequence = "\(letter.sequence.rawValue)"
        sink = letter.sink
        code = letter.code
        reason = letter.reason
        json = letter.payload.count <= TopView.copiedMax ? DeadLetterLine(letter).json.description : nil
    }
}
