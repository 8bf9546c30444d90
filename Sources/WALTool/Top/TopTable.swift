/// A table of fixed columns. On a narrow screen, columns are left out instead of being cut.
struct TopTable {
    struct Column {
        var title: String
        /// The width in cells; 0 for the last column, which takes the rest of the row.
        var width: Int
        /// The columns of the highest rank are left out first. Those of rank 0 stay.
        var rank: Int

        init(_ title: String, _ width: Int, rank: Int = 0) {
            self.title = title
            self.width = width
            self.rank = rank
        }
    }

    private let columns: [Column]
    private let shown: [Int]
    /// The least room that is worth a column of any width.
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

    /// Returns a row that has a cell for each column, those that are left out included.
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
    /// What is shown under the text.
    var below: [StyledText] = []
    /// The identity of a row that can be selected; nil for a heading.
    var row: String?
    /// What is copied of a row.
    var json: String

    init(_ text: [StyledText], row: String? = nil, json: String = "") {
        self.text = text
        self.row = row
        self.json = json
    }

    init(_ text: String, _ style: StyledText.Style = .plain) { self.init([StyledText(text, style)]) }

    /// The rows of the screen that the line takes up.
    var rows: [[StyledText]] { below.isEmpty ? [text] : [text, below] }

    /// Whether a text in lower case is in the line.
    func contains(_ wanted: String) -> Bool {
        rows.contains { $0.map(\.text).joined().lowercased().contains(wanted) }
    }
}
