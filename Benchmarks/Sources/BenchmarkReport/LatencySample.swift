import Histogram

/// The durations of calls, in nanoseconds.
public struct LatencySample: Codable, Sendable {
    public struct Point: Codable, Sendable {
        public let percentile: Double
        public let nanoseconds: Double
    }

    public private(set) var name: String
    public let count: UInt64
    public let p50: Double
    public let p99: Double
    public let p999: Double
    public let max: Double
    /// The distribution, for a chart.
    public let curve: [Point]

    public init(_ name: String, _ histogram: Histogram<UInt64>) {
        func value(_ percentile: Double) -> Double { Double(histogram.valueAtPercentile(percentile)) }
        self.name = name
        count = histogram.totalCount
        p50 = value(50)
        p99 = value(99)
        p999 = value(99.9)
        max = Double(histogram.max)
        // Up to the point that at least ten calls are slower than.
        let percentiles = [
            1, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97, 98, 99, 99.3, 99.6, 99.8, 99.9, 99.95,
            99.97, 99.99,
        ]
        curve = percentiles.filter { (1 - $0 / 100) * Double(histogram.totalCount) >= 10 }
            .map { Point(percentile: $0, nanoseconds: value($0)) }
    }

    public func named(_ name: String) -> LatencySample {
        var copy = self
        copy.name = name
        return copy
    }
}
