/// The number and the times of a step's retries after errors.
public struct RetryPolicy: Hashable, Sendable {
    /// The number of retries after the first attempt.
    public var max: Int
    /// The pause before the first retry. Each later pause is twice as long as the one before.
    public var first: Duration
    /// The longest pause.
    public var longest: Duration
    /// The random share of each pause, from 0 to 1. It keeps many failed steps from being retried at the same time.
    public var jitter: Double

    /// Makes a policy. Each argument sets the property of the same name.
    public init(max: Int, first: Duration, longest: Duration, jitter: Double = 0.5) {
        self.max = max
        self.first = first
        self.longest = longest
        self.jitter = jitter
    }

    /// The policy without retries: the first error is final.
    public static let never = RetryPolicy(max: 0, first: .zero, longest: .zero)

    /// Returns a policy whose pauses double from `first` to `longest`.
    ///
    /// - Parameters:
    ///   - max: The number of retries after the first attempt.
    ///   - first: The pause before the first retry.
    ///   - longest: The longest pause.
    public static func exponential(max: Int, from first: Duration, to longest: Duration) -> RetryPolicy {
        RetryPolicy(max: max, first: first, longest: longest)
    }

    /// Returns a policy whose pauses have the same length.
    ///
    /// - Parameters:
    ///   - max: The number of retries after the first attempt.
    ///   - pause: The length of each pause.
    public static func constant(max: Int, every pause: Duration) -> RetryPolicy {
        RetryPolicy(max: max, first: pause, longest: pause, jitter: 0)
    }

    /// Returns the pause after `attempt` attempts, or nil if that attempt was the last one. `random` is from 0 to 1.
    func pause(after attempt: UInt32, random: Double) -> Duration? {
        guard attempt <= UInt32(clamping: max) else { return nil }
        let doubled = first * (1 << min(Int(attempt) - 1, 30))
        let whole = min(doubled, longest)
        return whole - whole * (jitter * random)
    }
}
