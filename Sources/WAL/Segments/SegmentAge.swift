/// How old a segment's last record is at least, by the clock that doesn't jump (CLOCK_BOOTTIME on Linux).
///
/// The times of records are the system's clock's, which people and time servers move. By them, a clock ten years ahead keeps a
/// segment for ten years, and one that jumps forward removes records of a few seconds ago.
struct SegmentAge: Equatable, Sendable {
    private let seen: ContinuousClock.Instant
    private let ageThen: Duration

    /// A segment that is sealed now, or had this age when it was seen.
    init(_ ageThen: Duration = .zero, seen: ContinuousClock.Instant = .now) {
        self.seen = seen
        self.ageThen = ageThen
    }

    func at(_ now: ContinuousClock.Instant) -> Duration {
        ageThen + seen.duration(to: now)
    }
}
