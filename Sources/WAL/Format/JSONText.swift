/// JSON text under construction, on one line. Objects keep the order of their members.
package struct JSONText {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    /// Returns the text of an object.
    package static func object(_ members: (inout JSONText) -> Void) -> [UInt8] {
        var text = JSONText()
        text.object(nil, members)
        return text.bytes
    }

    package mutating func object(_ key: String? = nil, _ members: (inout JSONText) -> Void) {
        enclose(key, "{", "}", members)
    }

    package mutating func array(_ key: String? = nil, _ elements: (inout JSONText) -> Void) {
        enclose(key, "[", "]", elements)
    }

    /// Adds an array with an object for each element.
    mutating func objects<Element>(
        _ key: String, _ elements: [Element], _ members: (inout JSONText, Element) -> Void
    ) {
        array(key) { text in
            for element in elements { text.object { members(&$0, element) } }
        }
    }

    package mutating func number(_ key: String? = nil, _ value: (some BinaryInteger)?) {
        raw(key, value.map { "\($0)" } ?? "null")
    }

    package mutating func bool(_ key: String? = nil, _ value: Bool?) {
        raw(key, value.map { "\($0)" } ?? "null")
    }

    package mutating func string(_ key: String? = nil, _ value: String?) {
        guard let value else { return raw(key, "null") }
        begin(key)
        bytes.append(jsonString: value)
    }

    /// Adds a value that is JSON already.
    package mutating func json(_ key: String? = nil, _ value: [UInt8]) {
        begin(key)
        bytes.append(contentsOf: value)
    }

    private mutating func enclose(
        _ key: String?, _ start: Unicode.Scalar, _ end: Unicode.Scalar, _ body: (inout JSONText) -> Void
    ) {
        begin(key)
        bytes.append(UInt8(ascii: start))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: end))
        needsComma = true
    }

    private mutating func raw(_ key: String?, _ text: String) {
        begin(key)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func begin(_ key: String?) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        guard let key else { return }
        bytes.append(jsonString: key)
        bytes.append(UInt8(ascii: ":"))
    }
}

extension [UInt8] {
    /// Appends text in quotes, with the escapes that JSON requires, and those of the other control characters: delete and C1.
    package mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x0A: append(contentsOf: "\\n".utf8)
            case 0x0D: append(contentsOf: "\\r".utf8)
            case 0x09: append(contentsOf: "\\t".utf8)
            case ..<0x20, 0x7F:
                append(contentsOf: "\\u00".utf8)
                append(hexadecimal: byte)
            case 0x80...0x9F where last == 0xC2:
                // The two bytes of a C1 character, of which the second one is its number.
                removeLast()
                append(contentsOf: "\\u00".utf8)
                append(hexadecimal: byte)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    package mutating func append(hexadecimal byte: UInt8) {
        for nibble in [byte >> 4, byte & 15] {
            append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
