import BenchmarkReport

/// Samples on a terminal: a line for each contender, with medians, ranges, and the ratio to the first contender.
public struct SamplesTable {
    private let set: SampleSet

    public init(_ samples: [Sample]) {
        set = SampleSet(samples)
    }

    static func text(_ quantity: Quantity, _ value: Double) -> String {
        switch quantity {
        case .nanoseconds: Figure.time(nanoseconds: value)
        case .p50, .p99, .p999, .slowest, .open, .openKilled, .openKilledDurable, .close, .scan, .seek, .seekByTime:
            quantity.rawValue.replacing(" ns", with: " ") + Figure.time(nanoseconds: value)
        default: "\(Figure.short(value)) \(quantity.rawValue)"
        }
    }

    private static func text(_ quantity: Quantity, _ spread: Spread) -> String {
        switch quantity {
        case .open, .openKilled, .openKilledDurable, .close, .scan, .seek, .seekByTime: text(quantity, spread.median)
        default: "\(Figure.short(spread)) \(quantity.rawValue)"
        }
    }

    private static let latencies: [Quantity] = [.p50, .p99, .p999, .slowest]

    public static let header = ["", "", "", "of the first", "p50", "p99", "p99.9", "max", "over 1 ms"]

    var text: String {
        var table = TextTable(Self.header)
        for row in set.comparisons.flatMap(rows) { table.add(row) }
        return table.text
    }

    /// A row for each contender.
    public func rows(_ comparison: Comparison) -> [[String]] {
        set.contenders(comparison).enumerated().map { index, contender in
            [index == 0 ? comparison.text : ""] + cells(comparison, contender, isFirst: index == 0)
        }
    }

    private func cells(_ comparison: Comparison, _ contender: Contender, isFirst: Bool) -> [String] {
        let quantities = set.quantities(comparison, contender)
        let figures = quantities.filter { !Self.latencies.contains($0) && $0 != .stalls }
        let main = figures.first
        let figure = figures.compactMap { quantity in
            set.spread(comparison, contender, quantity).map { Self.text(quantity, $0) }
        }.joined(separator: ", ")
        let ratio = isFirst ? nil : set.ratioToFirst(comparison, contender, main ?? .p50).map { Figure.short($0) }
        let times = Self.latencies.map { quantity in
            set.spread(comparison, contender, quantity).map { Figure.time(nanoseconds: $0.median) } ?? ""
        }
        let stalls = set.spread(comparison, contender, .stalls).map { Figure.short($0) } ?? ""
        return [contender.name, figure, ratio ?? ""] + times + [stalls]
    }
}
