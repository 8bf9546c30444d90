internal import WAL

/// Brings the records of one batch into the sink, around those that it can't take. Pure: says what to try, is told how it went.
///
/// A batch that fails for a record's own fault is halved until the culprit stands alone: prefixes are applied as batches of
/// their own, each with the position of its last record, so that a crash in between leaves a position that is true.
struct Delivery {
    /// The next transaction.
    struct Step: Hashable {
        /// Of ``records``; empty to move the position only.
        var range: Range<Int>
        var position: SequenceNumber
    }

    enum Blame {
        /// Try the next step, it is smaller.
        case smaller
        /// Set this record aside, then call ``setAside()``.
        case culprit(SinkRecord)
        /// The sink blames a record in a batch that has none.
        case nobody
    }

    let records: [SinkRecord]
    let position: SequenceNumber
    private var start = 0
    /// Among the records from `start` to here at least one is bad.
    private var suspectsEnd: Int?
    private var isSkipping = false
    /// No step has more records.
    private var stepMax = Int.max
    private var isDone = false

    init(records: [SinkRecord], position: SequenceNumber) {
        self.records = records
        self.position = position
    }

    /// What to try now; nil when everything was applied or set aside.
    var step: Step? {
        if isDone { return nil }
        if isSkipping { return Step(range: start..<start, position: position(after: start + 1)) }
        let wanted = suspectsEnd.map { start + max(1, ($0 - start) / 2) } ?? records.count
        let end = wanted - start > stepMax ? start + stepMax : wanted
        return Step(range: start..<end, position: position(after: end))
    }

    /// What a step hands over.
    func records(of step: Step) -> [SinkRecord] {
        step.range.count == records.count ? records : Array(records[step.range])
    }

    /// The step was applied.
    mutating func succeeded() {
        guard let step else { return }
        advance(to: isSkipping ? start + 1 : step.range.upperBound)
        isSkipping = false
    }

    /// The step failed for a record's own fault.
    mutating func blamed() -> Blame {
        guard let step, !step.range.isEmpty else { return .nobody }
        if step.range.count == 1 {
            return .culprit(records[start])
        }
        suspectsEnd = step.range.upperBound
        return .smaller
    }

    /// A part of the records is being tried, to find one that is at fault.
    var isNarrowing: Bool { suspectsEnd != nil }

    /// The step is too much for the sink: neither the next one nor those after it have more than half of its records.
    mutating func shrink() {
        guard let step, step.range.count > 1 else { return }
        stepMax = step.range.count / 2
    }

    /// The step may be too large: the next one is half of it.
    mutating func halve() {
        guard let step, step.range.count > 1 else { return }
        suspectsEnd = step.range.upperBound
    }

    /// The culprit is kept elsewhere, durably: the next step moves the position past it.
    mutating func setAside() {
        isSkipping = true
        // Its guilt explains the failure: what follows counts as good until it fails.
        suspectsEnd = nil
    }

    private mutating func advance(to end: Int) {
        start = end
        if let suspects = suspectsEnd, start >= suspects { suspectsEnd = nil }
        isDone = start >= records.count
    }

    private func position(after end: Int) -> SequenceNumber {
        end >= records.count ? position : records[end - 1].sequence
    }
}
