import Foundation

/// A drawing that looks right on light and dark pages, by itself or inside a page.
struct SVG {
    private let width: Double
    private let height: Double
    private let title: String
    private var elements: [String] = []

    enum Anchor: String {
        case start, middle, end
    }

    init(width: Double, height: Double, title: String) {
        self.width = width
        self.height = height
        self.title = title
    }

    mutating func rectangle(x: Double, y: Double, width: Double, height: Double, style: String, tip: String) {
        elements.append(
            "<rect class=\"\(style)\" x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(width, 1)))\" height=\"\(n(height))\" rx=\"3\">"
                + "<title>\(Self.escaped(tip))</title></rect>")
    }

    mutating func circle(x: Double, y: Double, style: String, tip: String) {
        elements.append(
            "<circle class=\"\(style)\" cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"4\"><title>\(Self.escaped(tip))</title></circle>"
        )
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) {
        elements.append(
            "<line class=\"\(style)\" x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\"/>")
    }

    mutating func path(_ points: [(x: Double, y: Double)], style: String) {
        let text = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
        elements.append("<polyline class=\"\(style)\" points=\"\(text)\"/>")
    }

    mutating func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, style: String = "label") {
        elements.append(
            "<text class=\"\(style)\" x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor.rawValue)\">\(Self.escaped(text))</text>"
        )
    }

    var markup: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" width="\(n(width))" role="img">
        <title>\(Self.escaped(title))</title>
        <style>\(Self.style)</style>
        \(elements.joined(separator: "\n"))
        </svg>

        """
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private func n(_ number: Double) -> String {
        String(format: "%.1f", number)
    }

    /// Series differ in lightness as well as hue.
    private static let style = """
        text { font: 13px system-ui, sans-serif; fill: #24292f } .strong { font-weight: 600 } .faint { fill: #6e7781 }
        .heading { font-size: 15px; font-weight: 600 }
        .peer { fill: #afb8c1 } .ours { fill: #0969da }
        .limit { fill: #d8c690 } .leader { stroke: #d0d7de; stroke-width: 1 } .axis { stroke: #d0d7de; stroke-width: 1 }
        .whisker { stroke: #24292f; stroke-width: 1.3 }
        .curve-peer, .curve-ours, .curve-limit { fill: none; stroke-width: 2; stroke-linejoin: round }
        .curve-peer { stroke: #8c959f } .curve-ours { stroke: #0969da; stroke-width: 3 }
        .curve-limit { stroke: #9a6700; stroke-dasharray: 6 4 }
        @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 } .faint { fill: #8d96a0 } .peer { fill: #57606a } .ours { fill: #4493f8 }
        .limit { fill: #7d6524 } .leader { stroke: #3d444d } .curve-limit { stroke: #d29922 }
        .axis { stroke: #3d444d } .whisker { stroke: #e6edf3 } .curve-peer { stroke: #8d96a0 } .curve-ours { stroke: #4493f8 }
        }
        """
}
