import WALLogging

/// Text in columns. Control characters in the cells are escaped, so that no name breaks a line or controls a terminal.
enum Table {
    /// Returns lines of names and values.
    static func pairs(_ rows: [(String, String)]) -> String {
        let rows = rows.map { (LineText.escaped($0.0), LineText.escaped($0.1)) }
        let width = rows.map { $0.0.count }.max() ?? 0
        return rows.map { "\(padded($0.0, width))  \($0.1)" }.joined(separator: "\n")
    }

    /// Returns a table in which each row has one cell for each heading. The columns in `right` are right-aligned.
    static func columns(_ heading: [String], right: Set<Int>, _ rows: [[String]]) -> String {
        let all = [heading] + rows.map { $0.map(LineText.escaped) }
        let widths = heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            row.indices.map { column in
                right.contains(column)
                    ? String(repeating: " ", count: widths[column] - row[column].count) + row[column]
                    : column == row.count - 1 ? row[column] : padded(row[column], widths[column])
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    static func seconds(_ seconds: Double) -> String {
        "\((seconds * 100).rounded() / 100) s"
    }

    static func bytes(_ count: some BinaryInteger) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\((value * 10).rounded() / 10) \(units[unit])"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
