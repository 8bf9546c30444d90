/// What opening would do to the files of a log, decided from what was examined. Changes nothing.
struct RecoveryPlan {
    /// What becomes of one file.
    enum Action: Hashable {
        /// Sealed and whole: stays.
        case keep
        /// Whole, but without a footer: gets one, after void frames in the places that were claimed and abandoned.
        case seal(abandoned: [SegmentScan.Gap])
        /// Damaged, or ends in a torn tail: goes to the side, and what is whole of it up to `end` is written anew.
        case rewrite(end: Int?)
        /// Goes to the side as a whole.
        case setAside
        /// Was made ready and never used.
        case remove
    }

    struct Step {
        var segment: ExaminedSegment
        var action: Action
        /// Why, as a clause.
        var reason = ""
        /// Where what is done begins.
        var offset = 0
        /// Where its records end, with those that are lost or void.
        var recordCount: UInt64 = 0
        /// What was decided where its frames break off, in order.
        var breaks: [Break] = []
        /// Stands before this segment for what is missing there, so that the chain of headers is whole from then on.
        var placeholder: Indirect<Placeholder>?
        /// Written anew, it names the segment that stands before it now: what it names isn't there, and nothing can stand for it.
        var relinks = false
        /// Of two files of the segment, the other one can go: compressing was interrupted before the plain one was removed. In any
        /// other case it may have what this one lacks.
        var isDuplicateDisposable: Bool { action == .keep && !segment.isCompressed }

        /// Where places begin that were claimed and abandoned.
        var abandonedOffsets: Set<Int> {
            Set(breaks.filter { $0.decision == .abandonedClaims }.map(\.offset))
        }

        /// Has the segment rewritten; the first reason for it is the one that is told.
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
        /// Where the next valid frame is; nil where there is none in this segment.
        var next: Int?
        var decision: GapDecision
    }

    /// A segment that says no more than which records are lost, or were never acknowledged.
    struct Placeholder {
        var header: SegmentHeader
        var recordCount: UInt64
        var isAcknowledged: Bool
        var reason: String
    }

    var steps: [Step] = []
    var report = RecoveryReport()
    /// What is or may be missing between and behind the records that stay, in order, as readers tell it.
    var gaps: [LogGap] = []
    var logID: LogID?
    /// More than any sequence number that anyone can have been shown.
    var nextSequence: UInt64 = 1
    var epoch: UInt64 = 0
    /// What the fresh segment has to say; nil where there is nothing to tell.
    var body: [UInt8]?
    /// The fresh segment's number.
    let nextNumber: UInt64

    init(_ segments: [ExaminedSegment], currentBoot: BootID) {
        logID = Self.logID(of: segments)
        nextNumber = (segments.map(\.number).filter { $0 < SegmentName.numberMax }.max() ?? 0) + 1
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
        steps = chain.outcome.steps
        report.findings = chain.outcome.findings
        gaps = chain.outcome.gaps
        nextSequence = chain.outcome.nextSequence
        if !report.findings.isEmpty { epoch += 1 }
        // What is set aside may have had numbers that the fresh segment can't have where it stands.
        nextSequence = min(nextSequence, chain.reach.sequence)
        epoch = min(epoch, chain.reach.epoch)
        report.epoch = epoch
        if !report.findings.isEmpty { body = RecoveryBody.encode(report) }
    }

    /// Takes over what an interrupted recovery had decided.
    mutating func resume(from earlier: RecoveryIntent?) {
        guard let earlier else { return }
        nextSequence = max(nextSequence, earlier.nextSequence)
        epoch = max(epoch, earlier.epoch)
        report.epoch = epoch
        body = report.findings.isEmpty ? earlier.body : RecoveryBody.encode(report)
    }

    /// The log's identifier: that of most segments, for a copied file is one among many.
    static func logID(of segments: [ExaminedSegment]) -> LogID? {
        var counts: [LogID: Int] = [:]
        for segment in segments { if let id = segment.header?.logID { counts[id, default: 0] += 1 } }
        let most = counts.values.max()
        return segments.lazy.compactMap { $0.header?.logID }.first { counts[$0] == most }
    }
}
