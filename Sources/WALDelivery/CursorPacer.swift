internal import WAL

/// When the log's cursor for the sink is worth a record: cursors are records of the log themselves, so at most one a second.
struct CursorPacer {
    static let interval: Duration = .seconds(1)

    private var written: SequenceNumber?
    private var nextTime: Duration = .zero

    /// What the log knew at the start.
    mutating func start(at sequence: SequenceNumber?) {
        written = sequence
    }

    /// The sequence to write now, if any. It counts as written: a failure is made good by the next movement.
    mutating func move(to sequence: SequenceNumber, now: Duration, isDrained: Bool) -> SequenceNumber? {
        guard written.map({ sequence > $0 }) ?? true else { return nil }
        guard isDrained || now >= nextTime else { return nil }
        written = sequence
        nextTime = now + Self.interval
        return sequence
    }

    /// When a position that isn't written may be; nil if all is written.
    func dueTime(for sequence: SequenceNumber) -> Duration? {
        (written.map { sequence > $0 } ?? true) ? nextTime : nil
    }
}
