/// The count of a consumer's starts without progress. It shows the number of times that a record was delivered and not
/// acknowledged.
package struct ConsumerAttempts: Hashable, Sendable {
    /// The position at the last start.
    package var start: UInt64 = 0
    /// The number of earlier starts that may have delivered the records after the position.
    package var count: UInt32 = 0
    /// Whether the consumer has had an orderly end since.
    package var isEnded = true

    package init() {}

    package init(start: UInt64, count: UInt32, isEnded: Bool) {
        self.start = start
        self.count = count
        self.isEnded = isEnded
    }

    /// Begins at a position.
    package mutating func begin(at position: UInt64) {
        if !isEnded { count = raised(at: position) }
        start = position
        isEnded = false
    }

    /// Notes an orderly end at a position. If `isDone` is true, every delivery was acknowledged, and the count is 0
    /// again.
    package mutating func end(at position: UInt64, isDone: Bool) {
        count = isDone ? 0 : raised(at: position)
        start = position
        isEnded = true
    }

    /// After progress, the last start is the only one that may have delivered the record after the position.
    private func raised(at position: UInt64) -> UInt32 {
        position == start && count < .max ? count + 1 : 1
    }
}
