/// The durations of the last one to two minutes.
struct RecentDurations {
    private static let window: Duration = .seconds(60)

    private var before = DurationHistogram()
    private var current = DurationHistogram()
    private var begin = ContinuousClock.now

    mutating func record(_ duration: Duration, at now: ContinuousClock.Instant) {
        turn(at: now)
        current.record(duration)
    }

    mutating func histogram(at now: ContinuousClock.Instant) -> DurationHistogram {
        turn(at: now)
        return before.adding(current)
    }

    private mutating func turn(at now: ContinuousClock.Instant) {
        let age = now - begin
        guard age >= Self.window else { return }
        before = age < Self.window * 2 ? current : DurationHistogram()
        current = DurationHistogram()
        begin = now
    }
}
