import Foundation

/// A chart of lines over a quantity that doubles or quadruples from point to point.
public struct LineChart {
    public struct Series {
        public let name: String
        public let role: Contender.Role
        public let points: [(step: String, spread: Spread)]

        public init(_ name: String, _ role: Contender.Role, _ points: [(step: String, spread: Spread)]) {
            self.name = name
            self.role = role
            self.points = points
        }
    }

    private let title: String
    private let axis: String
    private let steps: [String]
    private let series: [Series]
    private let text: (Double) -> String

    /// - Parameters:
    ///   - axis: The quantity of the steps.
    ///   - text: Formats a value.
    public init(
        title: String, axis: String, series: [Series], text: @escaping (Double) -> String = { Figure.short($0) }
    ) {
        self.title = title
        self.axis = axis
        self.series = series.filter { !$0.points.isEmpty }
        self.text = text
        steps = series.flatMap { $0.points.map(\.step) }.unique
    }

    private static let width = 760.0
    private static let height = 320.0
    private static let left = 70.0
    private static let right = 210.0
    private static let top = 48.0
    private static let bottom = 50.0

    public var svg: String {
        var drawing = SVG(width: Self.width, height: Self.height, title: title)
        drawing.text(title, x: 12, y: 24, style: "heading")
        let highest = series.flatMap(\.points).map(\.spread.max).max() ?? 1
        let unit = Self.unit(highest)
        let top = max((highest / unit).rounded(.up) * unit, unit)
        let base = Self.height - Self.bottom
        func y(_ value: Double) -> Double { base - (base - Self.top) * value / top }
        func x(_ step: String) -> Double {
            let place = Double(steps.firstIndex(of: step) ?? 0)
            return Self.left + 24 + (Self.width - Self.left - Self.right - 48) * place / Double(max(steps.count - 1, 1))
        }
        for value in stride(from: 0, through: top, by: unit) {
            drawing.line(Self.left, y(value), Self.width - Self.right, y(value), style: "axis")
            drawing.text(text(value), x: Self.left - 8, y: y(value) + 4, anchor: .end, style: "faint")
        }
        for step in steps { drawing.text(step, x: x(step), y: base + 20, anchor: .middle, style: "faint") }
        drawing.text(axis, x: (Self.left + Self.width - Self.right) / 2, y: base + 40, anchor: .middle, style: "faint")
        var labels = LabelColumn()
        for line in series {
            drawing.path(line.points.map { (x($0.step), y($0.spread.median)) }, style: "curve-\(line.role.rawValue)")
            for point in line.points {
                drawing.line(
                    x(point.step), y(point.spread.min), x(point.step), y(point.spread.max), style: "whisker")
                drawing.circle(
                    x: x(point.step), y: y(point.spread.median), style: line.role.rawValue,
                    tip: "\(line.name), \(point.step): \(text(point.spread.median))")
            }
            guard let last = line.points.last else { continue }
            labels.add(line.name, from: x(last.step) + 5, y: y(last.spread.median), line.role)
        }
        labels.draw(x: Self.width - Self.right + 10, bottom: Self.height - 12, &drawing)
        return drawing.markup
    }

    /// 1, 2 or 5 times a power of ten, four to eight of which reach the highest value.
    private static func unit(_ highest: Double) -> Double {
        guard highest > 0 else { return 1 }
        let rough = highest / 5
        let power = pow(10, log10(rough).rounded(.down))
        return power * ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10)
    }
}
