/// A page in one file that needs no network.
public struct Page {
    private let title: String
    private var sections: [String] = []

    public init(title: String) {
        self.title = title
    }

    public mutating func heading(_ text: String) {
        sections.append("<h2>\(SVG.escaped(text))</h2>")
    }

    public mutating func paragraph(_ text: String) {
        sections.append("<p>\(SVG.escaped(text))</p>")
    }

    /// A drawing, as markup.
    public mutating func figure(_ svg: String) {
        sections.append("<figure>\(svg)</figure>")
    }

    /// Rows below a header. All columns but the names are aligned right, because numbers are read downwards.
    ///
    /// - Parameter names: The number of columns with names, which are aligned left: one or two.
    public mutating func table(_ header: [String], _ rows: [[String]], names: Int = 1) {
        let head = header.map { "<th>\(SVG.escaped($0))</th>" }.joined()
        let body = rows.map { row in "<tr>" + row.map { "<td>\(SVG.escaped($0))</td>" }.joined() + "</tr>" }
        sections.append(
            "<div class=\"wide\"><table class=\"names-\(names)\"><thead><tr>\(head)</tr></thead><tbody>\(body.joined(separator: "\n"))</tbody></table></div>"
        )
    }

    /// A list of the goals, and whether each was reached.
    public mutating func goals(_ goals: [Goal]) {
        let items = goals.map { goal in
            let style = goal.met.map { $0 ? "met" : "missed" } ?? "open"
            let mark = goal.met.map { $0 ? "✓" : "✗" } ?? "–"
            let measured = goal.measured.map { Figure.short($0) + goal.unit } ?? "not measured"
            return """
                <li class="\(style)"><span class="mark">\(mark)</span><span class="value">\(SVG.escaped(measured))</span>
                <span class="text">\(SVG.escaped(goal.text))</span><span class="limit">\(SVG.escaped(goal.limit))</span></li>
                """
        }
        sections.append("<ul class=\"goals\">\(items.joined(separator: "\n"))</ul>")
    }

    public var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(SVG.escaped(title))</title>
        <style>\(Self.style)</style>
        </head>
        <body><main>
        <h1>\(SVG.escaped(title))</h1>
        \(sections.joined(separator: "\n"))
        </main></body>
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light dark; --text: #24292f; --faint: #6e7781; --line: #d0d7de; --card: #f6f8fa; --met: #1a7f37;
        --missed: #cf222e }
        @media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --faint: #8d96a0; --line: #3d444d; --card: #161b22;
        --met: #3fb950; --missed: #f85149 } body { background: #0d1117 } }
        body { margin: 0; color: var(--text); font: 16px/1.5 system-ui, sans-serif }
        main { max-width: 800px; margin: 0 auto; padding: 24px 20px 60px }
        h1 { font-size: 28px; line-height: 1.2 } h2 { font-size: 20px; margin-top: 44px } p { color: var(--faint) }
        figure { margin: 20px 0; overflow-x: auto } svg { max-width: 100%; height: auto }
        .goals { list-style: none; padding: 0; display: grid; gap: 8px }
        .goals li { display: grid; grid-template-columns: 20px 90px 1fr auto; gap: 10px; align-items: baseline;
        background: var(--card); border-radius: 8px; padding: 8px 14px }
        .mark, .value { font-weight: 600 } .met .mark { color: var(--met) } .missed .mark { color: var(--missed) }
        .limit { color: var(--faint); white-space: nowrap }
        @media (max-width: 560px) { .goals li { grid-template-columns: 20px 1fr auto }
        .goals .text { grid-row: 2; grid-column: 2 / 4 } figure svg { width: 520px; max-width: none } }
        .wide { overflow-x: auto } table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
        th { color: var(--faint); font-weight: 500 } th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line);
        white-space: nowrap } th:first-child, td:first-child { text-align: left; padding-left: 0 }
        .names-2 td:nth-child(2) { text-align: left }
        """
}
