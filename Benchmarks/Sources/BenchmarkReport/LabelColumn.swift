/// Names of curves next to their ends, moved apart so that they don't overlap.
struct LabelColumn {
    private var labels: [(text: String, x: Double, y: Double, role: Contender.Role)] = []
    private static let distance = 16.0

    mutating func add(_ text: String, from x: Double, y: Double, _ role: Contender.Role) {
        labels.append((text, x, y, role))
    }

    /// - Parameter bottom: The lowest position for a label.
    func draw(x: Double, bottom: Double, _ drawing: inout SVG) {
        let sorted = labels.sorted { $0.y < $1.y }
        var places: [Double] = []
        for label in sorted { places.append(max(label.y, (places.last ?? -.infinity) + Self.distance)) }
        var free = bottom
        for index in places.indices.reversed() {
            places[index] = min(places[index], free)
            free = places[index] - Self.distance
        }
        for (label, y) in zip(sorted, places) {
            drawing.line(label.x + 2, label.y, x - 3, y, style: "leader")
            drawing.text(label.text, x: x, y: y + 4, style: label.role == .ours ? "label strong" : "label")
        }
    }
}
