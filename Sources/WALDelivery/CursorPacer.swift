internal import WAL

/// The pace of writing the log's cursor for the sink. Cursor updates are records of the log, so there is at most one
/// a second.
struct CursorPacer {
    static let interval: Duration = .seconds(1)

    private var written: SequenceNumber?
    private var nextTime: Duration = .zero

    /// Starts with the cursor that the log had at the start.
    mutating func start(at sequence: SequenceNumber?) {
        written = sequence
    }

    /// Returns the sequence number to write now, if any. It counts as written: if the write fails, the next movement
    /// makes up for it.
    mutating func move(to sequence: SequenceNumber, now: Duration, isDrained: Bool) -> SequenceNumber? {
        guard sequence != written else { return nil }
        // A sink that has lost records needs them again, so retention must keep them at once.
        let isBack = written.map { sequence < $0 } ?? false
        guard isBack || isDrained || now >= nextTime else { return nil }
        written = sequence
        nextTime = now + Self.interval
        return sequence
    }

    /// Returns the time at which an unwritten position may be written; nil if it is written already.
    func dueTime(for sequence: SequenceNumber) -> Duration? {
        sequence == written ? nil : nextTime
    }
}
