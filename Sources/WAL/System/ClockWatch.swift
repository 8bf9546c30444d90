/// Compares the system's clock with a monotonic clock. Reports a jump at most once a minute.
struct ClockWatch {
    private var last: (time: Timestamp, instant: ContinuousClock.Instant)?
    private var lastReport: ContinuousClock.Instant?

    /// The smallest reported jump. A time server's adjustments are smaller.
    static let jumpMin: Duration = .seconds(1)
    private static let pause: Duration = .seconds(60)

    /// Returns the jump of the clock since the last call. Returns nil if there was none, or if a jump was reported
    /// within the last minute.
    mutating func jump(time: Timestamp, at instant: ContinuousClock.Instant) -> Duration? {
        defer { last = (time, instant) }
        guard let last else { return nil }
        let passed = Duration.microseconds(time.rawValue - last.time.rawValue)
        let jump = passed - last.instant.duration(to: instant)
        guard jump > Self.jumpMin || jump < .zero - Self.jumpMin else { return nil }
        if let lastReport, lastReport.duration(to: instant) < Self.pause { return nil }
        lastReport = instant
        return jump
    }
}
