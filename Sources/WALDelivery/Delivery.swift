internal import WAL

/// The delivery of one batch, around the records that the sink rejects. Pure: it returns the next step, and the
/// caller reports the result.
///
/// If a batch fails through the fault of one record, the batch is halved until that record stands alone. Each prefix
/// is applied as a batch of its own with the position of its last record, so that the position is correct after a
/// crash in between.
struct Delivery {
    /// The next transaction.
    struct Step: Hashable {
        /// The range within ``records``. Empty to move only the position.
        var range: Range<Int>
        var position: SequenceNumber
    }

    enum Blame {
        /// Try the next step, which is smaller.
        case smaller
        /// Set this record aside, then call ``setAside()``.
        case culprit(SinkRecord)
        /// The sink blames a record in a batch that has no records.
        case nobody
    }

    let records: [SinkRecord]
    let position: SequenceNumber
    private var start = 0
    /// The end of the suspects: at least one record from `start` to here is at fault.
    private var suspectsEnd: Int?
    private var isSkipping = false
    /// The maximum number of records in a step.
    private var stepMax = Int.max
    private var isDone = false

    init(records: [SinkRecord], position: SequenceNumber) {
        self.records = records
        self.position = position
    }

    /// The next step, or nil once every record was applied or set aside.
    var step: Step? {
        if isDone { return nil }
        if isSkipping { return Step(range: start..<start, position: position(after: start + 1)) }
        let wanted = suspectsEnd.map { start + max(1, ($0 - start) / 2) } ?? records.count
        let end = wanted - start > stepMax ? start + stepMax : wanted
        return Step(range: start..<end, position: position(after: end))
    }

    /// Returns the records of a step.
    func records(of step: Step) -> [SinkRecord] {
        step.range.count == records.count ? records : Array(records[step.range])
    }

    /// Moves past the current step after it was applied.
    mutating func succeeded() {
        guard let step else { return }
        advance(to: isSkipping ? start + 1 : step.range.upperBound)
        isSkipping = false
    }

    /// Returns the reaction to a step that failed through the fault of one record.
    mutating func blamed() -> Blame {
        guard let step, !step.range.isEmpty else { return .nobody }
        if step.range.count == 1 {
            return .culprit(records[start])
        }
        suspectsEnd = step.range.upperBound
        return .smaller
    }

    /// Whether the steps are halving the batch to find the record at fault.
    var isNarrowing: Bool { suspectsEnd != nil }

    /// Halves the maximum size of this step and all later ones, because the step overloaded the sink.
    mutating func shrink() {
        guard let step, step.range.count > 1 else { return }
        stepMax = step.range.count / 2
    }

    /// Halves the next step, because this one may be too large.
    mutating func halve() {
        guard let step, step.range.count > 1 else { return }
        suspectsEnd = step.range.upperBound
    }

    /// Makes the next step move the position past the culprit. Call it once the culprit is durable in the dead-letter
    /// log.
    mutating func setAside() {
        isSkipping = true
        // The culprit explains the failure. The records after it count as good until one fails.
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
