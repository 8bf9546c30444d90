/// How often a step is tried again after an error, and when.
public struct RetryPolicy: Hashable, Sendable {
    /// The number of retries after the first attempt.
    public var max: Int
    /// The pause before the first retry. Each next one is twice as long.
    public var first: Duration
    /// The longest pause.
    public var longest: Duration
    /// The share of each pause that is drawn at random, from 0 to 1, so that many failed steps don't come back at once.
    public var jitter: Double

    /// Makes a policy.
    public init(max: Int, first: Duration, longest: Duration, jitter: Double = 0.5) {
        self.max = max
        self.first = first
        self.longest = longest
        self.jitter = jitter
    }

    /// No retries: the first error is final.
    public static let never = RetryPolicy(max: 0, first: .zero, longest: .zero)

    /// Pauses that double from `first` to `longest`.
    public static func exponential(max: Int, from first: Duration, to longest: Duration) -> RetryPolicy {
        RetryPolicy(max: max, first: first, longest: longest)
    }

    /// Pauses of the same length.
    public static func constant(max: Int, every pause: Duration) -> RetryPolicy {
        RetryPolicy(max: max, first: pause, longest: pause, jitter: 0)
    }

    /// Returns the pause after `attempt` attempts, or nil if that was the last one. `random` is from 0 to 1.
    func pause(after attempt: UInt32, random: Double) -> Duration? {
        guard attempt <= UInt32(clamping: max) else { return nil }
        let doubled = first * (1 << min(Int(attempt) - 1, 30))
        let whole = min(doubled, longest)
        return whole - whole * (jitter * random)
    }
}
