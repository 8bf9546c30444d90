extension TopView {
    /// The action that a key requires of the program, besides another screen.
    enum Action: Equatable {
        case none, quit, suspend
        /// Copies a text to the clipboard.
        case copy(String)
    }

    /// The size in bytes of the largest text that terminals accept for the clipboard.
    static let copiedMax = 74_994

    /// Handles a key. `width` is the width of the screen that shows the rows.
    mutating func press(_ key: TopKey, _ look: Look, width: Int) -> Action {
        notice = ""
        switch key {
        case .interrupt: return .quit
        case .suspend: return .suspend
        case .up: move(by: -1, look, width: width)
        case .down: move(by: 1, look, width: width)
        case .escape: (filter, isFilterTyped, isHelpShown) = ("", false, false)
        case .enter: isFilterTyped = false
        case .backspace: if isFilterTyped { _ = filter.popLast() }
        case .clear: if isFilterTyped { filter = "" }
        case .character(let character):
            guard !isFilterTyped else {
                filter.append(character)
                break
            }
            return command(character, look, width: width)
        }
        return .none
    }

    private mutating func command(_ character: Character, _ look: Look, width: Int) -> Action {
        switch character {
        case "q": return .quit
        case "p": isPaused.toggle()
        case "s":
            order = order.next
            notice = "sinks and cursors by \(order == .pins ? "what they alone keep" : order.rawValue)"
        case "?": (isHelpShown, scrolled) = (!isHelpShown, 0)
        case "/": (isFilterTyped, isHelpShown) = (true, false)
        case "y": return copy(look, width: width)
        default:
            guard let number = character.wholeNumberValue, let pane = Pane(rawValue: number) else { break }
            if pane != self.pane { (selected, filter) = (nil, "") }
            (self.pane, scrolled, isHelpShown) = (pane, 0, false)
        }
        return .none
    }

    private mutating func move(by step: Int, _ look: Look, width: Int) {
        let rows = isHelpShown ? [] : lines(look, width: width).compactMap(\.row)
        guard !rows.isEmpty else {
            scrolled = max(0, scrolled + step)
            return
        }
        let place = selected.flatMap { rows.firstIndex(of: $0) }
        selected = rows[place.map { max(0, min($0 + step, rows.count - 1)) } ?? 0]
    }

    private mutating func copy(_ look: Look, width: Int) -> Action {
        guard let line = lines(look, width: width).first(where: { $0.row != nil && $0.row == selected }) else {
            notice = "Select a row with the arrows first."
            return .none
        }
        guard let json = line.json, json.utf8.count <= Self.copiedMax else {
            notice = "The row is too large for a terminal's clipboard."
            return .none
        }
        notice = "copied as JSON, \(json.utf8.count) bytes"
        return .copy(json)
    }
}
