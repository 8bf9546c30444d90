/// Text in one of a terminal's 16 colors. Its width in cells is known.
struct StyledText: Equatable {
    enum Style: String {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case good = "32"
        case warning = "33"
        case bad = "31"
        case inverse = "7"
    }

    var text: String
    var style: Style

    init(_ text: String, _ style: Style = .plain) {
        self.text = text
        self.style = style
    }
}

extension [StyledText] {
    /// Returns the row for the terminal, cut to a width. Control characters become `·`.
    func row(width: Int, isColored: Bool) -> String {
        var left = width
        var row = ""
        for part in self {
            let cut = part.text.cut(to: left)
            left -= cut.cells
            guard !cut.text.isEmpty else { continue }
            let isStyled = part.style != .plain && (isColored || [.bold, .inverse].contains(part.style))
            row += isStyled ? "\u{1B}[\(part.style.rawValue)m\(cut.text)\u{1B}[0m" : cut.text
        }
        return row
    }
}

extension String {
    /// The number of terminal cells that the text takes up.
    var cells: Int { unicodeScalars.reduce(0) { $0 + $1.cells } }

    /// Returns the part of the text that fits into a number of cells, and the number of cells that this part takes up.
    func cut(to width: Int) -> (text: String, cells: Int) {
        var cut = ""
        var used = 0
        for scalar in unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control || scalar.isDirectionMark
            let cells = isControl ? 1 : scalar.cells
            guard used + cells <= width else { break }
            cut.unicodeScalars.append(isControl ? "·" : scalar)
            used += cells
        }
        return (cut, used)
    }

    /// Returns the text padded with spaces to a width, or cut to it.
    func padded(to width: Int, right: Bool = false) -> String {
        let (text, used) = cut(to: width)
        let spaces = String(repeating: " ", count: Swift.max(0, width - used))
        return right ? spaces + text : text + spaces
    }
}

extension Unicode.Scalar {
    fileprivate var isDirectionMark: Bool {
        (0x200E...0x200F).contains(value) || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
    }

    /// The number of cells: 0 for a mark that combines with the character before it, 2 for a wide character, and 1 for
    /// others.
    fileprivate var cells: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        if value == 0x200D || (0xFE00...0xFE0F).contains(value) { return 0 }
        let wide: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
        ]
        return value >= 0x1100 && wide.contains { $0.contains(value) } ? 2 : 1
    }
}
