/// Names of curves beside their ends, moved apart where they would lie on each other.
struct LabelColumn {
    private var labels: [(text: String, x: Double, y: Double, role: Contender.Role)] = []
    private static let distance = 16.0

    mutating func add(_ text: String, from x: Double, y: Double, _ role: Contender.Role) {
        labels.append((text, x, y, role))
    }

    func draw(x: Double, _ drawing: inout SVG) {
        var free = -Double.infinity
        for label in labels.sorted(by: { $0.y < $1.y }) {
            let y = max(label.y, free)
            free = y + Self.distance
            drawing.line(label.x + 2, label.y, x - 3, y, style: "leader")
            drawing.text(label.text, x: x, y: y + 4, style: label.role == .ours ? "label strong" : "label")
        }
    }
}
