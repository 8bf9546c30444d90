internal import Histogram
internal import WAL

/// The distribution of latencies. Each figure is exact to one percent.
public struct LatencySummary: Hashable, Sendable {
    /// The number of measured latencies.
    public var count: UInt64 = 0
    /// The latency that half of the measured ones don't exceed.
    public var median: Duration = .zero
    /// The latency that 99 percent of the measured ones don't exceed.
    public var p99: Duration = .zero
    /// The longest measured latency.
    public var max: Duration = .zero
}

/// Latencies in microseconds, up to an hour.
struct LatencyHistogram: Sendable {
    private var histogram = Histogram<UInt32>(
        highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .two)

    mutating func record(_ duration: Duration) {
        let microseconds = UInt64(Swift.max(1, duration / .microseconds(1)))
        _ = histogram.record(min(microseconds, histogram.highestTrackableValue))
    }

    var summary: LatencySummary {
        func percentile(_ value: Double) -> Duration {
            .microseconds(Int64(clamping: histogram.valueAtPercentile(value)))
        }
        guard histogram.totalCount > 0 else { return LatencySummary() }
        return LatencySummary(
            count: histogram.totalCount, median: percentile(50), p99: percentile(99), max: percentile(100))
    }
}
