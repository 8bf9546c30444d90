/// The changes that an opening would make to the files of a log, decided from the examined segments. Planning changes
/// nothing.
struct RecoveryPlan {
    /// The treatment of one file.
    enum Action: Hashable {
        /// The file is sealed and intact, and stays.
        case keep
        /// The file is intact but has no footer. It gets one, after void frames in the abandoned places, each of which
        /// has room for one.
        case seal(abandoned: [SegmentScan.Gap])
        /// The file is damaged, ends in a torn tail, or can't be sealed. It is set aside, and its valid frames up to
        /// `end` are copied to a new file.
        case rewrite(end: Int?)
        /// The whole file is set aside.
        case setAside
        /// The file was prepared and never used, and is removed.
        case remove
    }

    struct Step {
        var segment: ExaminedSegment
        var action: Action
        /// The reason, as a clause.
        var reason = ""
        /// The offset at which the treatment begins.
        var offset = 0
        /// The number of the segment's records, including lost and void ones.
        var recordCount: UInt64 = 0
        /// The decisions at the places where the segment's frames break off, in order.
        var breaks: [Break] = []
        /// A segment to insert before this one in place of the missing records, so that the chain of headers is
        /// complete from then on.
        var placeholder: Indirect<Placeholder>?
        /// Whether the rewritten header must refer to the segment that now comes before it. The segment that the old
        /// header refers to is missing, and no placeholder can replace it.
        var relinks = false
        /// Whether the other one of the segment's two files can be removed. It can if this is the plain file and it is
        /// intact: then compression was interrupted before it removed this file. In any other case, the other file may
        /// have records that this one doesn't have.
        var isDuplicateDisposable: Bool { action == .keep && !segment.isCompressed }

        /// The offsets of the breaks with a decision, or only of those at which sequence numbers are missing.
        func offsets(of decision: GapDecision, onlyNumbered: Bool = false) -> Set<Int> {
            Set(breaks.filter { $0.decision == decision && ($0.isNumbered || !onlyNumbered) }.map(\.offset))
        }

        /// Plans a rewrite of the segment. If there are several reasons, the first is reported.
        mutating func rewrite(at offset: Int, because reason: String) {
            if case .rewrite = action { return }
            action = .rewrite(end: nil)
            self.offset = offset
            self.reason = reason
        }
    }

    /// A place where the frames of a segment break off.
    struct Break: Hashable {
        var offset: Int
        /// The offset of the next valid frame; nil if there is none in this segment.
        var next: Int?
        var decision: GapDecision
        /// Whether sequence numbers are missing at the place.
        var isNumbered: Bool
    }

    /// A segment that only states which records are lost, or were never acknowledged.
    struct Placeholder {
        var header: SegmentHeader
        var recordCount: UInt64
        var isAcknowledged: Bool
        var reason: String
    }

    var steps: [Step] = []
    var report = RecoveryReport()
    /// The records that are or may be missing between and after the segments that stay, in order, as readers report
    /// them.
    var gaps: [LogGap] = []
    var logID: LogID?
    /// The log that the records come from, if the log is a replica.
    var source: LogID? { last?.source }
    /// The header of the last segment that stays.
    private(set) var last: SegmentHeader?
    /// Higher than any sequence number that a caller or reader can have seen. In a replica, the number after the last record.
    var nextSequence: UInt64 = 1
    var epoch: UInt64 = 0
    /// The findings for the new segment's first frame; nil if there are none.
    var body: [UInt8]?
    /// The new segment's number.
    let nextNumber: UInt64
    /// The highest numbers that the new segment's header may have. A promotion raises the epoch once more.
    private var reach = HeaderReach()
    /// The lowest log position of the new segment's first byte. The segment before it may end at a higher one.
    private(set) var nextPosition: UInt64 = 0

    /// No log reaches this number. From it on, only the numbers of files in place count.
    private static let strayNumberMax: UInt64 = 1 << 61
    /// The highest number of full segments in an estimate of a log position. It keeps the positions of all later
    /// segments within the reach of a log's first header.
    private static let fullSegmentsMax: UInt64 = 1 << 29

    init(_ segments: [ExaminedSegment], currentBoot: BootID) {
        let logID = Self.logID(of: segments)
        self.logID = logID
        // The new header isn't whole unless its number is higher than that of each file in place. Any other file may
        // have any name.
        let numbered = segments.filter { $0.belongs(to: logID) || $0.number < Self.strayNumberMax }
        nextNumber = (numbered.map(\.number).max() ?? 0) + 1
        report.segmentCount = segments.count
        report.bytesScanned = segments.reduce(0) { $0 + ($1.scan == nil ? 0 : $1.fileSize) }
        report.recordsScanned = segments.reduce(0) { $0 + ($1.scan?.summary.recordCount ?? 0) }
        epoch = segments.compactMap { $0.header?.epoch }.max() ?? 0

        var chain = RecoveryChain(boot: currentBoot, logID: logID)
        for (segment, later) in zip(segments, LaterSegments.behindEach(of: segments, logID: logID)) {
            guard let header = segment.header else {
                chain.setAsideUnreadable(segment, before: later.headers.first)
                continue
            }
            if header.state == .prepared {
                chain.addUnused(segment, header, later: later)
                continue
            }
            guard header.logID == logID, header.segmentNumber == segment.number else {
                chain.setAsideForeign(segment, header)
                continue
            }
            chain.add(segment, header, later: later)
        }
        steps = chain.steps
        report.findings = chain.findings
        gaps = chain.gaps
        nextSequence = chain.nextSequence
        if !report.findings.isEmpty { epoch += 1 }
        // Files that are set aside may have had numbers beyond the reach of a header at the new segment's place.
        nextSequence = min(nextSequence, chain.reach.sequence)
        epoch = min(epoch, chain.reach.epoch - 1)
        reach = chain.reach
        if let last = chain.last {
            self.last = last.header
            // The source gives the lost numbers to the same records again.
            if source != nil { nextSequence = last.header.baseSequence + last.end.recordCount }
        }
        nextPosition = position(after: report.findings)
        report.epoch = epoch
        if !report.findings.isEmpty { body = RecoveryBody.encode(report) }
    }

    /// Returns a log position above all that damage at the log's end may have had, or 0 if there is none.
    ///
    /// A reader in another process keeps the highest durable position that it has seen. At lower positions, it would
    /// take new records for durable.
    private func position(after findings: [RecoveryReport.Finding]) -> UInt64 {
        let lastNumber = last?.segmentNumber ?? 0
        let damage = findings.filter { $0.classification == .corruption && $0.segment >= lastNumber }
        guard !damage.isEmpty else { return 0 }
        // A file may have been cut. Most segments of a log have one capacity.
        let sizes = damage.filter { $0.segment > lastNumber }.map {
            min(max(UInt64(clamping: $0.byteCount), last?.capacity ?? 0), SegmentHeader.lengthMax)
        }
        // If no segment stays, only the numbers of the segments bound the bytes that the log has had.
        let count = max(nextNumber - 1, damage.map(\.segment).max() ?? 0)
        let limit =
            last.map { $0.basePosition + $0.capacity } ?? min(count, Self.fullSegmentsMax) * SegmentHeader.lengthMax
        return min(sizes.reduce(limit, +), reach.position)
    }

    /// Adopts the decisions of an interrupted recovery.
    mutating func resume(from earlier: RecoveryIntent?) {
        guard let earlier else { return }
        if source == nil { nextSequence = max(nextSequence, min(earlier.nextSequence, reach.sequence)) }
        epoch = max(epoch, min(earlier.epoch, reach.epoch - 1))
        // The interrupted recovery may have repaired the damage already.
        let findings = unsafe earlier.body.withUnsafeBytes { body in
            unsafe RecoveryBody.decode(body)?.findings ?? []
        }
        nextPosition = max(nextPosition, position(after: findings))
        report.epoch = epoch
        body = report.findings.isEmpty ? earlier.body : RecoveryBody.encode(report)
    }

    /// Returns the log's identifier: the one in most segments, because only a few files can be copies from another log.
    static func logID(of segments: [ExaminedSegment]) -> LogID? {
        let found = segments.lazy.compactMap { $0.header?.logID }
        guard let first = found.first, !found.allSatisfy({ $0 == first }) else { return found.first }
        var counts: [LogID: Int] = [:]
        for id in found { counts[id, default: 0] += 1 }
        let most = counts.values.max()
        return found.first { counts[$0] == most }
    }
}
