/// Counts of durations by size, with their sum.
public struct DurationHistogram: Hashable, Sendable, Decodable {
    /// The upper bounds of the buckets: 0.1 ms to 10 s. A duration equal to a bound counts there.
    public static let bounds: [Duration] = [
        .microseconds(100), .microseconds(250), .microseconds(500), .milliseconds(1), .microseconds(2500),
        .milliseconds(5),
        .milliseconds(10), .milliseconds(25), .milliseconds(100), .seconds(1), .seconds(10),
    ]

    /// The number of durations in each bucket, and at the end the number of durations above all bounds.
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// The sum of the durations.
    public private(set) var nanoseconds: UInt64 = 0
    /// The shortest duration; nil if there is none.
    public private(set) var minimumNanoseconds: UInt64?

    package init() {}

    /// The number of durations.
    public var count: UInt64 { counts.clampedSum }

    package mutating func record(_ duration: Duration) {
        counts[Self.bounds.firstIndex { duration <= $0 } ?? Self.bounds.count] += 1
        let length = duration.nanoseconds
        nanoseconds += length
        minimumNanoseconds = min(minimumNanoseconds ?? length, length)
    }

    /// Returns the durations of both.
    package func adding(_ other: DurationHistogram) -> DurationHistogram {
        var sum = self
        for index in counts.indices { sum.counts[index] += other.counts[index] }
        sum.nanoseconds += other.nanoseconds
        sum.minimumNanoseconds = [minimumNanoseconds, other.minimumNanoseconds].compactMap(\.self).min()
        return sum
    }

    /// Returns an upper bound of the given part of the durations, such as 0.99; nil if there are none, or if the bound is above all
    /// buckets.
    public func bound(of part: Double) -> Duration? {
        let wanted = Double(count) * part
        var sum: UInt64 = 0
        for (bound, count) in zip(Self.bounds, counts) {
            sum = sum.addingClamped(count)
            if sum > 0, Double(sum) >= wanted { return bound }
        }
        return nil
    }
}

extension Duration {
    /// The whole nanoseconds; zero for a negative duration.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return seconds < 0 ? 0 : UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
    }
}
