@testable import WAL

/// Computes the required result of opening a damaged log from the place of the damage. A frame exists if its bytes are unchanged.
/// The rules of FORMAT.md decide the rest. The oracle computes no checksum, and shares no code with the code that it judges.
struct DamageOracle: Sendable {
    /// One finding that must be reported.
    struct Expected {
        var classification: RecoveryReport.Classification
        var segment: UInt64
        var offset: Int
        /// Nil where FORMAT.md doesn't state it.
        var byteCount: Int?
        var sequences: ClosedRange<UInt64>?
        /// The number of records in a damaged end is unknown. A report may name the records that recovery recognizes.
        var isEndUnknown = false
        var isAcknowledged: Bool
    }

    struct Outcome {
        var findings: [Expected] = []
        /// The records that are still readable.
        var records: [UInt64: [UInt8]] = [:]
        /// The log ended early, so later sequence numbers may be given again.
        var isEndOpen = false

        var isDamaged: Bool { findings.contains { $0.classification.isDamage } }
    }

    private let specimen: Specimen
    private let table: DecisionDocument

    init(_ specimen: Specimen) throws {
        self.specimen = specimen
        table = try DecisionDocument()
    }

    func outcome(_ files: Specimen.Files) -> Outcome {
        let found = files.keys.sorted().compactMap { name in
            SegmentName.number(name).map { DamagedSegment($0, files[name] ?? [], specimen) }
        }
        var walk = Walk(table: table, segments: found)
        for index in found.indices { walk.visit(index) }
        var outcome = walk.outcome
        // Without the newest segment, there is no evidence that it existed.
        let newest = specimen.activeNames.last.flatMap(specimen.segment)?.header
        let exists = found.contains { segment in
            segment.number == newest?.number
                && segment.header.map { $0.isActive && $0.lineage == newest?.lineage } ?? true
        }
        if !exists {
            outcome.isEndOpen = true
        }
        outcome.records = specimen.payloads.filter { walk.sequences.contains($0.key) }
        return outcome
    }
}

/// A file as it is, with the file as it was.
private struct DamagedSegment {
    var number: UInt64
    var size: Int
    var header: SpecimenSegment.Header?
    var badCopies = 0
    /// The unchanged frames, including the footer.
    var frames: [SpecimenSegment.Frame] = []
    var bytes: [UInt8]

    init(_ number: UInt64, _ bytes: [UInt8], _ specimen: Specimen) {
        self.number = number
        self.bytes = bytes
        size = bytes.count
        let copies = [0, 512].map { $0 + 512 <= bytes.count ? specimen.headers[Array(bytes[$0..<$0 + 512])] : nil }
        let whole = copies.compactMap(\.self)
        let own = whole.filter { $0.number == number }
        let likely = own.isEmpty ? whole : own
        header = likely.first(where: \.isActive) ?? likely.first
        badCopies = copies.count { copy in
            guard let copy, let header else { return true }
            return copy != header && !(copy.incarnation == header.incarnation && !copy.isActive)
        }
        guard let header, header.isActive, let was = specimen.known[header.incarnation] else { return }
        for frame in was.frames where frame.end <= min(size, header.capacity) {
            guard bytes[frame.offset..<frame.end] == was.bytes[frame.offset..<frame.end] else { continue }
            frames.append(frame)
            if frame.isFooter { break }
        }
    }

    var hasFooter: Bool { frames.last?.isFooter ?? false }
    /// The offset after the last frame that isn't the footer.
    var end: Int { frames.last { !$0.isFooter }?.end ?? 1024 }

    var recordCount: UInt64 {
        frames.last.map { $0.recordIndex + $0.recordCount } ?? 0
    }

    var durablePosition: UInt64 { frames.map(\.durablePosition).max() ?? 0 }

    func belongs(to logID: [UInt8]?) -> Bool {
        header.map { $0.isActive && $0.number == number && $0.logID == logID } ?? false
    }

    /// Whether the commit word at an offset is zero, or no frame fits there.
    func isZero(at offset: Int) -> Bool {
        guard let header, offset + 24 <= min(size, header.capacity) else { return true }
        return bytes[offset..<offset + 8].allSatisfy { $0 == 0 }
    }

    func sequences(_ frame: SpecimenSegment.Frame) -> Range<UInt64> {
        let first = (header?.baseSequence ?? 0) + frame.recordIndex
        return first..<first + frame.recordCount
    }
}

/// FORMAT.md, "Recovery", segment by segment.
private struct Walk {
    let table: DecisionDocument
    let segments: [DamagedSegment]
    let logID: [UInt8]?
    var outcome = DamageOracle.Outcome()
    /// The records that are readable afterwards.
    var sequences: Set<UInt64> = []
    private var last: (header: SpecimenSegment.Header, end: Int, recordCount: UInt64)?
    private var isTorn = false
    private var isBreakReported = false

    init(table: DecisionDocument, segments: [DamagedSegment]) {
        self.table = table
        self.segments = segments
        var counts: [[UInt8]: Int] = [:]
        for segment in segments { if let id = segment.header?.logID { counts[id, default: 0] += 1 } }
        logID = segments.compactMap(\.header?.logID).first { counts[$0] == counts.values.max() }
    }

    private mutating func add(
        _ classification: RecoveryReport.Classification, _ segment: UInt64, _ offset: Int, _ byteCount: Int?,
        _ range: Range<UInt64>, isAcknowledged: Bool, isEndUnknown: Bool = false
    ) {
        outcome.findings.append(
            DamageOracle.Expected(
                classification: classification, segment: segment, offset: offset, byteCount: byteCount,
                sequences: range.isEmpty ? nil : range.lowerBound...range.upperBound - 1, isEndUnknown: isEndUnknown,
                isAcknowledged: isAcknowledged))
    }

    mutating func visit(_ index: Int) {
        let segment = segments[index]
        let later = segments[(index + 1)...].filter { $0.belongs(to: logID) }
        guard let header = segment.header else { return unreadable(segment, before: later.first?.header) }
        guard header.isActive else { return unused(segment, header, later) }
        guard segment.belongs(to: logID) else {
            return add(.foreignSegment, segment.number, 0, segment.size, 0..<0, isAcknowledged: false)
        }
        if isTorn {
            let first = header.baseSequence
            return add(
                .tornTail, segment.number, 0, segment.size, first..<first + segment.recordCount, isAcknowledged: false)
        }
        if let last, !header.follows(last.header), !isBreakReported {
            let first = last.header.baseSequence + last.recordCount
            let durable = ([segment] + later).map(\.durablePosition).max() ?? 0
            add(
                .missingSegment, header.predecessorNumber, 0, 0, first..<max(first, header.baseSequence),
                isAcknowledged: header.isSameBoot || durable > last.header.basePosition + UInt64(last.end))
        }
        isBreakReported = false
        let count = gaps(segment, header, later)
        let wasDurable = ([segment] + later).contains { $0.durablePosition > header.basePosition }
        if segment.badCopies == 1, wasDurable || (header.isSameBoot && !segment.frames.isEmpty) {
            add(.corruption, segment.number, 0, 1024, 0..<0, isAcknowledged: true)
        }
        last = (header, segment.end, count)
    }

    private mutating func unreadable(_ segment: DamagedSegment, before next: SpecimenSegment.Header?) {
        let first = last.map { $0.header.baseSequence + $0.recordCount } ?? 1
        add(
            .corruption, segment.number, 0, segment.size, first..<max(first, next?.baseSequence ?? first),
            isAcknowledged: true)
        isBreakReported = true
    }

    private mutating func unused(
        _ segment: DamagedSegment, _ header: SpecimenSegment.Header, _ later: [DamagedSegment]
    ) {
        guard !isTorn, let follower = later.first(where: { $0.header?.follows(header) ?? false })?.header else {
            return
        }
        let start = last.map { $0.header.basePosition + UInt64($0.end) } ?? 0
        if follower.isSameBoot || later.contains(where: { $0.durablePosition > start + 1024 }) {
            return unreadable(segment, before: follower)
        }
        isTorn = true
        outcome.isEndOpen = true
        add(.tornTail, segment.number, 0, segment.size, 0..<0, isAcknowledged: false)
    }

    /// The places where the frames break off. Returns the number of records, including the lost ones.
    private mutating func gaps(
        _ segment: DamagedSegment, _ header: SpecimenSegment.Header, _ later: [DamagedSegment]
    ) -> UInt64 {
        let successor = later.first { $0.header?.follows(header) ?? false }?.header
        let base = header.baseSequence
        let stated = successor.map { $0.predecessorLast + 1 > base ? $0.predecessorLast + 1 - base : 0 }
        var count: UInt64 = 0
        var place = 1024
        var previous: SpecimenSegment.Frame?
        for next in segment.frames.map(Optional.some) + [nil] {
            let isGap = next.map { $0.offset != place } ?? !(previous?.isFooter ?? false)
            if isGap {
                let isSameFile = successor?.predecessorLineage == header.incarnation
                let length = successor?.predecessorLength ?? 0
                let isFilled = (previous?.standsForMissing ?? false) && isSameFile && length == place
                let isFollowedBySegment =
                    next == nil && successor != nil && !isFilled
                    && ((stated ?? 0) > count || (isSameFile && length > place))
                let after = segment.frames.filter { $0.offset > place }.map(\.durablePosition)
                let durable = (after + later.map(\.durablePosition)).max() ?? 0
                let decision = table.decide(
                    content(segment, header, place, isLast: next == nil),
                    isFollowed: next != nil || isFollowedBySegment,
                    wasDurable: durable > header.basePosition + UInt64(place), isSameBoot: header.isSameBoot)
                let upper = next?.recordIndex ?? (isFollowedBySegment ? stated ?? 0 : count)
                let missing = base + count..<base + max(count, upper)
                switch decision {
                case "clean end": outcome.isEndOpen = true
                case "abandoned claims":
                    add(.abandonedClaims, segment.number, place, nil, missing, isAcknowledged: false)
                case "torn tail":
                    isTorn = true
                    outcome.isEndOpen = true
                    add(
                        .tornTail, segment.number, place, nil, base + count..<base + max(count, segment.recordCount),
                        isAcknowledged: false)
                    return count
                default:
                    let end =
                        next?.offset
                        ?? (isFollowedBySegment ? min(length, segment.size) : min(segment.size, header.capacity))
                    add(
                        .corruption, segment.number, place, max(0, end - place), missing, isAcknowledged: true,
                        isEndUnknown: next == nil && !isFollowedBySegment)
                }
            }
            guard let next else { break }
            sequences.formUnion(segment.sequences(next))
            count = next.recordIndex + next.recordCount
            place = next.end
            previous = next
        }
        return max(count, stated ?? 0)
    }

    private func content(
        _ segment: DamagedSegment, _ header: SpecimenSegment.Header, _ place: Int, isLast: Bool
    ) -> DecisionDocument.Content {
        if isLast, !segment.hasFooter, segment.size < header.capacity { return .cut }
        return segment.isZero(at: place) && !segment.hasFooter ? .zero : .invalid
    }
}
