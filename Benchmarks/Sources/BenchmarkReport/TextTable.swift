/// Columns on a terminal: the first to the left, the others to the right.
public struct TextTable {
    private var rows: [[String]]

    public init(_ header: [String]) {
        rows = [header]
    }

    public mutating func add(_ row: [String]) {
        rows.append(row)
    }

    public var text: String {
        let widths = rows.reduce(into: [Int]()) { widths, row in
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        let lines = rows.map { row in
            row.enumerated().map { index, cell in
                let padding = String(repeating: " ", count: widths[index] - cell.count)
                return index == 0 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        let rule = String(repeating: "─", count: widths.reduce(0) { $0 + $1 + 2 } - 2)
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n") + "\n"
    }
}
