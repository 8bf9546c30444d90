/// What to do where the frames of a segment break off: a pure function from what was found to what is done
/// (FORMAT.md, "Recovery").
struct GapEvidence: Hashable {
    typealias Content = SegmentScan.Gap.Content

    var content: Content
    /// Whether a valid frame comes later in the segment, or a later segment was begun behind more than is here.
    var isFollowed: Bool
    /// Whether a later frame says that the log was durable beyond this place when it was written.
    var wasDurable: Bool
    /// Whether the segment was written in this run of the kernel, so that its page cache has everything that was stored.
    var isSameBoot: Bool
}

enum GapDecision: Hashable {
    /// The log ends here, and nothing is missing.
    case cleanEnd
    /// A producer died between claim and commit; what comes after stays.
    case abandonedClaims
    /// Writeback came this far before the power went, or came in another order: the log ends here.
    case tornTail
    /// What was here is lost; what comes after stays.
    case corruption
}

enum DecisionTable {
    /// A row: nil stands for any.
    struct Row {
        /// Its name in FORMAT.md.
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
        // Every combination meets one row, which a test shows; were there none, taking it for damage loses nothing.
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
            case .invalid: "the bytes are no valid frame"
            case .cut: "the file ends early"
            }
        let durable = wasDurable ? "a later frame says it was durable" : "no later frame says it was durable"
        return "\(what), \(durable), \(isFollowed ? "more follows" : "nothing follows"), "
            + (isSameBoot ? "written in this run of the kernel" : "written in another run of the kernel")
            + (DecisionTable.row(for: self).map { " (rule \($0.label))" } ?? "")
    }
}
