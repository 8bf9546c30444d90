/// A key that was pressed in the terminal.
enum TopKey: Equatable {
    case up, down, enter, escape, backspace, clear, interrupt, suspend
    case character(Character)

    /// Returns the keys in the bytes of one read. Unknown keys, such as F1, are left out.
    static func keys(of bytes: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var text: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte < 0x20 || byte == 0x7F else {
                text.append(byte)
                continue
            }
            keys += String(decoding: text, as: UTF8.self).map(TopKey.character)
            text = []
            switch byte {
            case 0x03, 0x04: keys.append(.interrupt)
            case 0x08, 0x7F: keys.append(.backspace)
            case 0x0A, 0x0D: keys.append(.enter)
            case 0x15: keys.append(.clear)
            case 0x1A: keys.append(.suspend)
            case 0x1B: if let key = escaped(&rest) { keys.append(key) }
            default: break
            }
        }
        return keys + String(decoding: text, as: UTF8.self).map(TopKey.character)
    }

    /// Takes the rest of a key that begins with ESC, such as `ESC [ A` for an arrow. Without a rest, the key is Escape.
    private static func escaped(_ rest: inout ArraySlice<UInt8>) -> TopKey? {
        guard let kind = rest.first, kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else { return .escape }
        rest.removeFirst()
        rest = rest.drop { (0x20...0x3F).contains($0) }
        switch rest.popFirst() {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        default: return nil
        }
    }
}
