import Foundation

/// Distributions of latencies: the share of calls across, stretched towards the slowest; the time up, each line ten times the last.
public struct LatencyChart {
    private let title: String
    private let series: [(sample: LatencySample, role: Contender.Role)]

    public init(title: String, series: [(sample: LatencySample, role: Contender.Role)]) {
        self.title = title
        self.series = series.filter { !$0.sample.curve.isEmpty }
    }

    public init(title: String, series: [(sample: LatencySample, isPeer: Bool)]) {
        self.init(title: title, series: series.map { ($0.sample, $0.isPeer ? .peer : .ours) })
    }

    private static let width = 760.0
    private static let height = 340.0
    private static let left = 70.0
    private static let right = 190.0
    private static let top = 44.0
    private static let bottom = 46.0

    public var svg: String {
        var drawing = SVG(width: Self.width, height: Self.height, title: title)
        drawing.text(title, x: 12, y: 24, style: "heading")
        let times = series.flatMap { $0.sample.curve.map(\.nanoseconds) }.filter { $0 > 0 }
        guard let least = times.min(), let most = times.max() else { return drawing.markup }
        let decades = log10(least).rounded(.down)...max(log10(most).rounded(.up), log10(least).rounded(.down) + 1)
        let plotHeight = Self.height - Self.top - Self.bottom
        func y(_ nanoseconds: Double) -> Double {
            let share = (log10(max(nanoseconds, 1)) - decades.lowerBound) / (decades.upperBound - decades.lowerBound)
            return Self.top + plotHeight * (1 - share)
        }
        let rarest = series.flatMap { $0.sample.curve.map { Self.rarity($0.percentile) } }.max() ?? 1
        func x(_ percentile: Double) -> Double {
            Self.left + (Self.width - Self.left - Self.right) * Self.rarity(percentile) / rarest
        }
        for decade in Int(decades.lowerBound)...Int(decades.upperBound) {
            let time = pow(10, Double(decade))
            drawing.line(Self.left, y(time), Self.width - Self.right, y(time), style: "axis")
            drawing.text(Figure.time(nanoseconds: time), x: Self.left - 8, y: y(time) + 4, anchor: .end, style: "faint")
        }
        let marks = [(50, "p50"), (90, "p90"), (99, "p99"), (99.9, "p99.9"), (99.99, "p99.99")]
        for (percentile, name) in marks where Self.rarity(percentile) <= rarest + 0.01 {
            drawing.text(name, x: x(percentile), y: Self.height - 22, anchor: .middle, style: "faint")
        }
        var labels = LabelColumn()
        for (sample, role) in series {
            drawing.path(sample.curve.map { (x($0.percentile), y($0.nanoseconds)) }, style: "curve-\(role.rawValue)")
            guard let last = sample.curve.last else { continue }
            labels.add(sample.name, from: x(last.percentile), y: y(last.nanoseconds), role)
        }
        labels.draw(x: Self.width - Self.right + 10, bottom: Self.height - 12, &drawing)
        return drawing.markup
    }

    /// The share of calls that are faster, in nines.
    private static func rarity(_ percentile: Double) -> Double {
        -log10(1 - percentile / 100)
    }
}
