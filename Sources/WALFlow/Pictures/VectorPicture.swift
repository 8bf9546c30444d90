/// A graph as an SVG image.
///
/// The layers of nodes follow from the longest path from the input. The order in each layer keeps edges short. An edge
/// that spans several layers has a place of its own in the layers between, so that it crosses no box.
struct VectorPicture {
    let view: TaskView

    private static let (height, gapX, gapY, margin, header) = (36.0, 44.0, 16.0, 14.0, 26.0)

    /// A node with its place. A node that has its own graph contains that graph.
    private struct Box {
        var node: GraphShape.Node
        var state: TaskView.State
        var title: String
        var x = 0.0
        var y = 0.0
        var width = 0.0
        var height = 0.0
        var inner: Drawing?
        /// Whether this box is only the place of an edge that passes through the layer.
        var isPassage = false
        /// The left bound of the layer. Within the bounds of a layer, edges are straight, so that they don't cross a
        /// wider box.
        var layerStart = 0.0
        var layerEnd = 0.0

        var middle: Double { y + height / 2 }
    }

    private struct Edge {
        var from: Int
        var to: Int
        var isHandler: Bool
        /// The indexes of the passages in the layers between, in their order.
        var passages: [Int] = []

        /// The pairs of boxes in neighboring layers.
        var links: [(from: Int, to: Int)] { Array(zip([from] + passages, passages + [to])) }
    }

    private struct Drawing {
        var boxes: [Box] = []
        var edges: [Edge] = []
        var width = 0.0
        var height = 0.0
    }

    func svg(of shape: GraphShape) -> String {
        let drawing = lay(shape, prefix: "")
        let (width, height) = (drawing.width + 2 * Self.margin, drawing.height + 2 * Self.margin)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Self.text(width))\" height=\"\(Self.text(height))\" "
                + "viewBox=\"0 0 \(Self.text(width)) \(Self.text(height))\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\">",
            "<title>\(Self.escaped(shape.name))</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
        ]
        draw(drawing, Self.margin, Self.margin, &lines)
        lines.append("</svg>")
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Layout

    private func lay(_ shape: GraphShape, prefix: String, input: TaskView.State = .done) -> Drawing {
        let states = view.states(of: shape, prefix: prefix, input: input)
        var drawing = Drawing()
        var indexes: [String: Int] = [:]
        for node in shape.nodes {
            let state = states[node.id] ?? .pending
            let title = GraphShape.title(node, state, endedElements: view.endedElements(of: node, prefix: prefix))
            var box = Box(node: node, state: state, title: title)
            box.width = max(64, Double(title.count) * 7.2 + 20)
            box.height = Self.height
            if let body = node.body {
                let inner = lay(
                    body, prefix: prefix + node.id + (node.kind == .dag ? "/" : "[0]/"),
                    input: view.input(of: node, state, prefix))
                box.width = max(box.width, inner.width + 2 * Self.margin)
                box.height = inner.height + Self.header + Self.margin
                box.inner = inner
            }
            indexes[node.id] = drawing.boxes.count
            drawing.boxes.append(box)
        }
        for (index, node) in shape.nodes.enumerated() {
            for parent in Set(node.parents + [node.handles].compactMap { $0 }).sorted() {
                guard let from = indexes[parent] else { continue }
                drawing.edges.append(Edge(from: from, to: index, isHandler: node.handles != nil))
            }
        }
        place(&drawing)
        return drawing
    }

    private func place(_ drawing: inout Drawing) {
        var layer = Array(repeating: 0, count: drawing.boxes.count)
        // Parents come before their children.
        for edge in drawing.edges.sorted(by: { $0.to < $1.to }) {
            layer[edge.to] = max(layer[edge.to], layer[edge.from] + 1)
        }
        var layers: [[Int]] = Array(repeating: [], count: (layer.max() ?? 0) + 1)
        for (index, number) in layer.enumerated() { layers[number].append(index) }
        for edge in drawing.edges.indices {
            let (from, to) = (drawing.edges[edge].from, drawing.edges[edge].to)
            for number in (layer[from] + 1)..<max(layer[from] + 1, layer[to]) {
                var passage = drawing.boxes[from]
                (passage.isPassage, passage.inner, passage.width, passage.height) = (true, nil, 0, 4)
                drawing.edges[edge].passages.append(drawing.boxes.count)
                layers[number].append(drawing.boxes.count)
                drawing.boxes.append(passage)
            }
        }
        let links = drawing.edges.flatMap(\.links)
        for _ in 0..<2 {
            order(&layers, links, byParents: true)
            order(&layers, links, byParents: false)
        }
        var x = 0.0
        for column in layers {
            let width = column.map { drawing.boxes[$0].width }.max() ?? 0
            var y = 0.0
            for index in column {
                // An edge passes straight through its layer.
                if drawing.boxes[index].isPassage { drawing.boxes[index].width = width }
                drawing.boxes[index].x = x + (width - drawing.boxes[index].width) / 2
                drawing.boxes[index].y = y
                (drawing.boxes[index].layerStart, drawing.boxes[index].layerEnd) = (x, x + width)
                y += drawing.boxes[index].height + Self.gapY
            }
            drawing.height = max(drawing.height, y - Self.gapY)
            x += width + Self.gapX
        }
        drawing.width = max(0, x - Self.gapX)
        for column in layers {
            let last = column.last.map { drawing.boxes[$0].y + drawing.boxes[$0].height } ?? 0
            for index in column { drawing.boxes[index].y += (drawing.height - last) / 2 }
        }
    }

    /// Orders each layer by the average place of each box's neighbors in the layer before or after. (Sugiyama, Tagawa,
    /// Toda, 1981.)
    private func order(_ layers: inout [[Int]], _ links: [(from: Int, to: Int)], byParents: Bool) {
        var rank: [Int: Double] = [:]
        for column in layers { for (place, index) in column.enumerated() { rank[index] = Double(place) } }
        let numbers = byParents ? Array(layers.indices) : layers.indices.reversed()
        for number in numbers {
            let weights = layers[number].map { index -> (index: Int, weight: Double) in
                let near = links.compactMap { link in
                    byParents ? (link.to == index ? link.from : nil) : (link.from == index ? link.to : nil)
                }
                let own = rank[index] ?? 0
                return (index, near.isEmpty ? own : near.reduce(0) { $0 + (rank[$1] ?? 0) } / Double(near.count))
            }
            layers[number] = weights.sorted { ($0.weight, $0.index) < ($1.weight, $1.index) }.map(\.index)
            for (place, index) in layers[number].enumerated() { rank[index] = Double(place) }
        }
    }

    // MARK: Drawing

    private func draw(_ drawing: Drawing, _ x: Double, _ y: Double, _ lines: inout [String]) {
        for edge in drawing.edges {
            let (from, to) = (drawing.boxes[edge.from], drawing.boxes[edge.to])
            var (x1, y1) = (x + from.x + from.width, y + from.middle)
            var path = "M\(Self.text(x1)) \(Self.text(y1)) H\(Self.text(x + from.layerEnd))"
            x1 = x + from.layerEnd
            for box in edge.passages.map({ drawing.boxes[$0] }) + [to] {
                let (x2, y2) = (x + box.layerStart - (box.isPassage ? 0 : 5), y + box.middle)
                let bend = max(16, (x2 - x1) / 2)
                let points = [(x1 + bend, y1), (x2 - bend, y2), (x2, y2)].map {
                    "\(Self.text($0.0)) \(Self.text($0.1))"
                }
                path += " C\(points.joined(separator: ", "))"
                (x1, y1) = (x + (box.isPassage ? box.layerEnd : box.x - 5), y2)
                path += " H\(Self.text(x1))"
            }
            let isUnused = to.state == .skipped || edge.isHandler
            lines.append(
                "<path d=\"\(path)\" fill=\"none\" stroke=\"#6b7280\""
                    + (isUnused ? " stroke-dasharray=\"4 3\"" : "") + "/>")
            lines.append(
                "<path d=\"M\(Self.text(x1)) \(Self.text(y1 - 4)) l5 4 l-5 4 z\" fill=\"#6b7280\"/>")
        }
        for box in drawing.boxes where !box.isPassage {
            let (left, top) = (x + box.x, y + box.y)
            let isRound = box.node.kind == .wait || box.node.kind == .timer
            lines.append(
                "<rect x=\"\(Self.text(left))\" y=\"\(Self.text(top))\" width=\"\(Self.text(box.width))\" height=\"\(Self.text(box.height))\" "
                    + "rx=\"\(isRound ? 18 : 6)\" fill=\"\(box.state.colors.fill)\" stroke=\"\(box.state.colors.border)\" stroke-width=\"1.5\"/>"
            )
            let baseline = box.inner == nil ? top + box.height / 2 + 4.5 : top + 18
            lines.append(
                "<text x=\"\(Self.text(left + box.width / 2))\" y=\"\(Self.text(baseline))\" text-anchor=\"middle\" fill=\"#111827\">"
                    + "\(Self.escaped(box.title))</text>")
            if let inner = box.inner {
                draw(inner, left + (box.width - inner.width) / 2, top + Self.header, &lines)
            }
        }
    }

    private static func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    private static func escaped(_ text: String) -> String {
        GraphPicture.escaped(text, ["&": "&amp;", "<": "&lt;", ">": "&gt;"])
    }
}
