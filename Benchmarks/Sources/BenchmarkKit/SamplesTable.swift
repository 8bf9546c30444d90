import BenchmarkReport

/// Samples on a terminal: a line for each contender, medians with their range, and how many times what comes first it is.
struct SamplesTable {
    private let set: SampleSet

    init(_ samples: [Sample]) {
        set = SampleSet(samples)
    }

    static func text(_ quantity: Quantity, _ value: Double) -> String {
        switch quantity {
        case .nanoseconds: Figure.time(nanoseconds: value)
        case .p50, .p99, .p999, .slowest, .open, .openKilled, .scan, .seek, .seekByTime:
            quantity.rawValue.replacing(" ns", with: " ") + Figure.time(nanoseconds: value)
        default: "\(Figure.short(value)) \(quantity.rawValue)"
        }
    }

    private static let latencies: [Quantity] = [.p50, .p99, .p999, .slowest]

    var text: String {
        var table = TextTable(["", "", "", "of the first", "p50", "p99", "p99.9", "max", "over 1 ms"])
        for comparison in set.comparisons {
            for (index, contender) in set.contenders(comparison).enumerated() {
                table.add([index == 0 ? comparison.text : ""] + cells(comparison, contender, isFirst: index == 0))
            }
        }
        return table.text
    }

    private func cells(_ comparison: Comparison, _ contender: Contender, isFirst: Bool) -> [String] {
        let quantities = set.quantities(comparison, contender)
        let main = quantities.first { !Self.latencies.contains($0) && $0 != .stalls }
        let figure = main.flatMap { quantity in
            set.spread(comparison, contender, quantity).map { "\(Figure.short($0)) \(quantity.rawValue)" }
        }
        let ratio = isFirst ? nil : set.ratioToFirst(comparison, contender, main ?? .p50).map { Figure.short($0) }
        let times = Self.latencies.map { quantity in
            set.spread(comparison, contender, quantity).map { Figure.time(nanoseconds: $0.median) } ?? ""
        }
        let stalls = set.spread(comparison, contender, .stalls).map { Figure.short($0) } ?? ""
        return [contender.name, figure ?? "", ratio ?? ""] + times + [stalls]
    }
}
