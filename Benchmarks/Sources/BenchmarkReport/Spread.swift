/// The median and range of repeated measurements.
public struct Spread: Codable, Sendable {
    public let median: Double
    public let min: Double
    public let max: Double

    /// Nil without samples.
    public init?(_ samples: some Sequence<Double>) {
        let sorted = samples.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        min = first
        max = last
    }
}
