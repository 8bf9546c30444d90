/// Horizontal bars in groups, from zero, each with a whisker from minimum to maximum.
public struct BarChart {
    public struct Bar {
        public let label: String
        public let spread: Spread
        /// The label after the bar.
        public let note: String
        public let role: Contender.Role

        public init(_ label: String, _ spread: Spread, note: String, role: Contender.Role) {
            self.label = label
            self.spread = spread
            self.note = note
            self.role = role
        }

        /// - Parameter isPeer: Whether the bar is one of the contenders that the log is compared with.
        public init(_ label: String, _ spread: Spread, note: String, isPeer: Bool) {
            self.init(label, spread, note: note, role: isPeer ? .peer : .ours)
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
    private let hasScaleEach: Bool

    /// - Parameter scaleEach: Whether each group has its own scale.
    public init(title: String, groups: [Group], scaleEach: Bool = false) {
        self.title = title
        hasScaleEach = scaleEach
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
        let shared = groups.flatMap(\.bars).map(\.spread.max).max() ?? 1
        var y = 34.0
        for group in groups {
            let largest = hasScaleEach ? group.bars.map(\.spread.max).max() ?? 1 : shared
            let scale = (Self.width - Self.left - Self.right) / (largest > 0 ? largest : 1)
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
            style: bar.role.rawValue, tip: "\(bar.label): \(Figure.short(bar.spread))")
        let low = Self.left + bar.spread.min * scale
        let high = Self.left + bar.spread.max * scale
        if high - low > 3 {
            drawing.line(low, middle, high, middle, style: "whisker")
            for x in [low, high] { drawing.line(x, middle - 4, x, middle + 4, style: "whisker") }
        }
        drawing.text(bar.note, x: max(high, Self.left) + 10, y: middle + 4.5, style: "label strong")
    }
}
