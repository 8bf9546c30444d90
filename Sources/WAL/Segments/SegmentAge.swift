/// The minimum age of a segment's last record, by a monotonic clock (CLOCK_BOOTTIME on Linux).
///
/// The times of records come from the system's clock, which administrators and time servers change. If ages
/// came from it, a system clock set ten years ahead would keep a segment for ten years, and a forward jump would remove
/// records that are a few seconds old.
struct SegmentAge: Equatable, Sendable {
    private let seen: ContinuousClock.Instant
    private let ageThen: Duration

    /// Makes the age of a segment that is sealed now, or that had age `ageThen` at the moment `seen`.
    init(_ ageThen: Duration = .zero, seen: ContinuousClock.Instant = .now) {
        self.seen = seen
        self.ageThen = ageThen
    }

    func at(_ now: ContinuousClock.Instant) -> Duration {
        ageThen + seen.duration(to: now)
    }
}
