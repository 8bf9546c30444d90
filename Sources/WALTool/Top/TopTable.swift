/// A table of fixed columns. On a narrow screen, whole columns are left out, and no column is cut.
struct TopTable {
    struct Column {
        var title: String
        /// The width in cells; 0 for the last column, which takes the rest of the row.
        var width: Int
        /// The rank. The columns of the highest rank are left out first, and those of rank 0 are always shown.
        var rank: Int

        init(_ title: String, _ width: Int, rank: Int = 0) {
            self.title = title
            self.width = width
            self.rank = rank
        }
    }

    private let columns: [Column]
    private let shown: [Int]
    /// The smallest room in cells that is enough for the last column.
    private static let restMin = 8

    init(_ columns: [Column], width: Int) {
        func size(_ column: Column) -> Int { column.width == 0 ? Self.restMin : column.width + 1 }
        var shown = Array(columns.indices)
        while shown.reduce(-1, { $0 + size(columns[$1]) }) > width,
            let last = shown.filter({ columns[$0].rank > 0 }).max(by: { columns[$0].rank < columns[$1].rank })
        {
            shown.removeAll { $0 == last }
        }
        self.columns = columns
        self.shown = shown
    }

    var heading: TopLine { TopLine(row(columns.map { StyledText($0.title, .bold) })) }

    /// Returns a row. The cells include those of columns that are left out.
    func row(_ cells: [StyledText]) -> [StyledText] {
        shown.flatMap { index -> [StyledText] in
            let (cell, width) = (cells[index], columns[index].width)
            guard width > 0 else { return [cell] }
            return [StyledText(cell.text.padded(to: width), cell.style), StyledText(" ")]
        }
    }
}

/// A line of a pane.
struct TopLine {
    var text: [StyledText]
    /// The text under the line.
    var below: [StyledText] = []
    /// The identity of a row that can be selected; nil for a heading.
    var row: String?
    /// The text that a copy of the row puts into the clipboard; nil for one that is too large.
    var json: String?

    init(_ text: [StyledText], row: String? = nil, json: String? = "") {
        self.text = text
        self.row = row
        self.json = json
    }

    init(_ text: String, _ style: StyledText.Style = .plain) { self.init([StyledText(text, style)]) }

    /// The rows of the screen that the line takes up.
    var rows: [[StyledText]] { below.isEmpty ? [text] : [text, below] }

    /// Returns whether the line contains a text, which must be in lower case.
    func contains(_ wanted: String) -> Bool {
        rows.contains { $0.map(\.text).joined().lowercased().contains(wanted) }
    }
}
