/// How high the numbers of a header may be, by those that stand before it (FORMAT.md, "Segment header").
///
/// No log comes to 2^62 of anything in a thousand years, but a header may say so that nobody wrote. What follows it has higher
/// numbers still, and mustn't be refused for it: so beyond 2^62 it is small steps that count.
struct HeaderReach {
    var sequence = first
    var position = first
    var epoch = first

    private static let first: UInt64 = 1 << 62

    /// Takes in a header that stands before.
    mutating func add(_ header: SegmentHeader) {
        sequence = max(sequence, header.baseSequence + 1 << 40)
        position = max(position, header.basePosition + 1 << 40)
        epoch = max(epoch, header.epoch + 1 << 20)
    }

    func has(_ header: SegmentHeader) -> Bool {
        header.baseSequence <= sequence && header.basePosition <= position && header.epoch <= epoch
    }
}

extension [ExaminedSegment] {
    /// Takes headers for damaged whose numbers are out of reach.
    mutating func refuseOutOfReach(_ logID: LogID?) {
        var reach = HeaderReach()
        for index in indices where self[index].belongs(to: logID) {
            guard let header = self[index].header else { continue }
            if reach.has(header) { reach.add(header) } else { self[index].refuseHeader() }
        }
    }
}
