/// The evidence at a place where the frames of a segment break off. The decision is a pure function of it (FORMAT.md,
/// "Recovery").
struct GapEvidence: Hashable {
    typealias Content = SegmentScan.Gap.Content

    var content: Content
    /// Whether a valid frame comes later in the segment, or a later segment's header says that this one had more
    /// records.
    var isFollowed: Bool
    /// Whether a later frame says that the log was already durable past this place.
    var wasDurable: Bool
    /// Whether the segment was written in this run of the kernel. Then the page cache has every byte that was stored.
    var isSameBoot: Bool
}

enum GapDecision: Hashable {
    /// The log ends here, and nothing is missing.
    case cleanEnd
    /// A producer died between claim and commit. Later frames stay.
    case abandonedClaims
    /// Writeback reached only this place before the power loss, or wrote pages in another order. The log ends here.
    case tornTail
    /// The records here are lost. Later frames stay.
    case corruption
}

enum DecisionTable {
    /// A row of the table. Nil matches any value.
    struct Row {
        /// The row's name in FORMAT.md.
        var label: String
        var content: GapEvidence.Content?
        var isFollowed: Bool?
        var wasDurable: Bool
        var isSameBoot: Bool?
        var decision: GapDecision

        func matches(_ evidence: GapEvidence) -> Bool {
            content ?? evidence.content == evidence.content
                && isFollowed ?? evidence.isFollowed == evidence.isFollowed
                && wasDurable == evidence.wasDurable
                && isSameBoot ?? evidence.isSameBoot == evidence.isSameBoot
        }
    }

    static let rows = [
        Row(label: "R1", content: nil, isFollowed: nil, wasDurable: true, isSameBoot: nil, decision: .corruption),
        Row(label: "R2", content: .zero, isFollowed: false, wasDurable: false, isSameBoot: nil, decision: .cleanEnd),
        Row(
            label: "R3", content: .zero, isFollowed: true, wasDurable: false, isSameBoot: true,
            decision: .abandonedClaims),
        Row(label: "R4", content: .zero, isFollowed: true, wasDurable: false, isSameBoot: false, decision: .tornTail),
        Row(
            label: "R5", content: .invalid, isFollowed: nil, wasDurable: false, isSameBoot: true, decision: .corruption),
        Row(label: "R6", content: .invalid, isFollowed: nil, wasDurable: false, isSameBoot: false, decision: .tornTail),
        Row(label: "R7", content: .cut, isFollowed: nil, wasDurable: false, isSameBoot: true, decision: .corruption),
        Row(label: "R8", content: .cut, isFollowed: nil, wasDurable: false, isSameBoot: false, decision: .tornTail),
    ]

    static func decide(_ evidence: GapEvidence) -> GapDecision {
        // Every combination matches exactly one row; a test proves it. If none did, treating it as damage would lose
        // nothing.
        row(for: evidence)?.decision ?? .corruption
    }

    static func row(for evidence: GapEvidence) -> Row? {
        rows.first { $0.matches(evidence) }
    }
}

extension GapEvidence: CustomStringConvertible {
    var description: String {
        let what =
            switch content {
            case .zero: "no frame was committed here"
            case .invalid: "the bytes aren't a valid frame"
            case .cut: "the file ends early"
            }
        let durable = wasDurable ? "a later frame says this was durable" : "no later frame says this was durable"
        return "\(what), \(durable), \(isFollowed ? "more records follow" : "no records follow"), "
            + (isSameBoot ? "written in this run of the kernel" : "written in another run of the kernel")
            + (DecisionTable.row(for: self).map { " (rule \($0.label))" } ?? "")
    }
}
