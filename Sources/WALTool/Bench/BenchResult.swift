/// One figure of a benchmark. It has latencies if each operation was timed.
struct BenchResult {
    var key: String
    var name: String
    var value: Double
    var unit: String
    var latencies: [Duration] = []

    private func percentile(_ part: Double) -> Duration? {
        guard !latencies.isEmpty else { return nil }
        return latencies.sorted()[min(latencies.count - 1, Int(part * Double(latencies.count)))]
    }

    var json: JSON {
        var members: [(String, JSON)] = [("value", JSON(value)), ("unit", .string(unit))]
        for (name, part) in [("p50_us", 0.5), ("p99_us", 0.99)] {
            if let time = percentile(part) { members.append((name, JSON(time / .microseconds(1)))) }
        }
        return .object(members)
    }

    var text: String {
        let number = value >= 100 ? "\(Int(value))" : "\((value * 100).rounded() / 100)"
        var text = "\(name): \(number) \(unit)"
        if let middle = percentile(0.5), let high = percentile(0.99) {
            text += ", p50 \(Int(middle / .microseconds(1))) µs, p99 \(Int(high / .microseconds(1))) µs"
        }
        return text
    }
}
