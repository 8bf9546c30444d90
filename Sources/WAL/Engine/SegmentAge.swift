/// How old a segment's last record is at least, by the clock that doesn't jump (CLOCK_BOOTTIME on Linux): from the moment when the
/// segment was seen sealed, for nothing was appended to it later.
///
/// The times of records are the system's clock's, which people and time servers move: by them, a clock ten years ahead would keep a
/// segment for ten years, and one that jumps forward would let go of records of seconds ago.
struct SegmentAge: Sendable {
    private let seen: ContinuousClock.Instant
    private let ageThen: Duration

    /// Of a segment that is sealed now.
    init(seen: ContinuousClock.Instant = .now) {
        self.seen = seen
        ageThen = .zero
    }

    /// Of a segment that an opening finds. Only the times of its records tell how old it was then; those that lie ahead count as
    /// the present.
    init(ofRecordsUpTo last: Int64, time: Timestamp = .now, seen: ContinuousClock.Instant = .now) {
        self.seen = seen
        let (age, overflow) = time.rawValue.subtractingReportingOverflow(last)
        ageThen = overflow ? .zero : .microseconds(max(0, age))
    }

    func at(_ now: ContinuousClock.Instant) -> Duration {
        ageThen + seen.duration(to: now)
    }
}
