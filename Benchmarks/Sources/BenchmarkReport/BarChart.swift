/// Bars that lie on their side, in groups, from zero, each with a whisker from minimum to maximum.
public struct BarChart {
    public struct Bar {
        public let label: String
        public let spread: Spread
        /// Said behind the bar.
        public let note: String
        /// Whether it is what is compared with.
        public let isPeer: Bool

        public init(_ label: String, _ spread: Spread, note: String, isPeer: Bool) {
            self.label = label
            self.spread = spread
            self.note = note
            self.isPeer = isPeer
        }
    }

    public struct Group {
        public let title: String
        public let bars: [Bar]

        public init(_ title: String, _ bars: [Bar]) {
            self.title = title
            self.bars = bars
        }
    }

    private let title: String
    private let groups: [Group]

    public init(title: String, groups: [Group]) {
        self.title = title
        self.groups = groups.filter { !$0.bars.isEmpty }
    }

    private static let width = 760.0
    private static let left = 170.0
    private static let right = 150.0
    private static let barHeight = 18.0
    private static let rowHeight = 26.0
    private static let headHeight = 34.0

    public var svg: String {
        let rowCount = Double(groups.reduce(0) { $0 + $1.bars.count })
        let height = 34 + Double(groups.count) * Self.headHeight + rowCount * Self.rowHeight + 12
        var drawing = SVG(width: Self.width, height: height, title: title)
        drawing.text(title, x: 12, y: 24, style: "heading")
        let largest = groups.flatMap(\.bars).map(\.spread.max).max() ?? 1
        let scale = (Self.width - Self.left - Self.right) / (largest > 0 ? largest : 1)
        var y = 34.0
        for group in groups {
            drawing.text(group.title, x: 12, y: y + 24, style: "strong")
            y += Self.headHeight
            let end = y + Double(group.bars.count) * Self.rowHeight
            for bar in group.bars {
                draw(bar, at: y, scale, &drawing)
                y += Self.rowHeight
            }
            drawing.line(
                Self.left, end - Double(group.bars.count) * Self.rowHeight - 2, Self.left, end - 4, style: "axis")
        }
        return drawing.markup
    }

    private func draw(_ bar: Bar, at y: Double, _ scale: Double, _ drawing: inout SVG) {
        let middle = y + Self.barHeight / 2
        drawing.text(bar.label, x: Self.left - 10, y: middle + 4.5, anchor: .end)
        drawing.rectangle(
            x: Self.left, y: y, width: bar.spread.median * scale, height: Self.barHeight,
            style: bar.isPeer ? "peer" : "ours", tip: "\(bar.label): \(Figure.short(bar.spread))")
        let low = Self.left + bar.spread.min * scale
        let high = Self.left + bar.spread.max * scale
        if high - low > 3 {
            drawing.line(low, middle, high, middle, style: "whisker")
            for x in [low, high] { drawing.line(x, middle - 4, x, middle + 4, style: "whisker") }
        }
        drawing.text(bar.note, x: max(high, Self.left) + 10, y: middle + 4.5, style: "label strong")
    }
}
