/// The highest plausible numbers of a header, judged by the headers before it (FORMAT.md, "Segment header").
///
/// No log reaches 2^62 records, bytes or epochs in a thousand years, but a forged header may state such numbers.
/// Segments written after it have even higher numbers, and must not be refused. So beyond 2^62, only the step from the
/// earlier headers is limited. The same holds for the numbers of segments, from 2^63 on.
struct HeaderReach {
    var number: UInt64 = 1 << 63
    var sequence = first
    var position = first
    var epoch = first

    private static let first: UInt64 = 1 << 62

    /// Adds a header that comes before the one to check.
    mutating func add(_ header: SegmentHeader) {
        number = max(number, header.segmentNumber + 1 << 20)
        sequence = max(sequence, header.baseSequence + 1 << 40)
        position = max(position, header.basePosition + 1 << 40)
        epoch = max(epoch, header.epoch + 1 << 20)
    }

    func has(_ header: SegmentHeader) -> Bool {
        header.segmentNumber <= number && header.baseSequence <= sequence && header.basePosition <= position
            && header.epoch <= epoch
    }
}

extension [ExaminedSegment] {
    /// Treats headers of the log that most files belong to as damaged if their numbers are out of reach.
    mutating func refuseOutOfReach() {
        var logID: LogID?
        // Without refused headers, most may belong to another log.
        repeat {
            logID = RecoveryPlan.logID(of: self)
            refuseOutOfReach(logID)
        } while RecoveryPlan.logID(of: self) != logID
    }

    /// Treats headers of this log as damaged if their numbers are out of reach.
    mutating func refuseOutOfReach(_ logID: LogID?) {
        var reach = HeaderReach()
        for index in indices where self[index].belongs(to: logID) {
            guard let header = self[index].header else { continue }
            if reach.has(header) { reach.add(header) } else { self[index].refuseHeader() }
        }
    }
}
