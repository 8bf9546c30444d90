/// Notices when the system's clock goes otherwise than the one that doesn't jump. Tells it once in a while.
struct ClockWatch {
    private var last: (time: Timestamp, instant: ContinuousClock.Instant)?
    private var lastTold: ContinuousClock.Instant?

    /// Adjustments of a time server are smaller.
    private static let jumpMin: Duration = .seconds(1)
    private static let pause: Duration = .seconds(60)

    /// How far the clock has jumped since the last call; nil if it hasn't, or that was told of one just before.
    mutating func jump(time: Timestamp, at instant: ContinuousClock.Instant) -> Duration? {
        defer { last = (time, instant) }
        guard let last else { return nil }
        let passed = Duration.microseconds(time.rawValue - last.time.rawValue)
        let jump = passed - last.instant.duration(to: instant)
        guard jump > Self.jumpMin || jump < .zero - Self.jumpMin else { return nil }
        if let lastTold, lastTold.duration(to: instant) < Self.pause { return nil }
        lastTold = instant
        return jump
    }
}
