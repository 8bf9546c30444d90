/// A JSON value for output. Objects keep the order of their members.
enum JSON {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([(String, JSON)])

    init(_ value: some BinaryInteger) { self = .number("\(value)") }
    init(_ value: Double) { self = value.isFinite ? .number("\((value * 1000).rounded() / 1000)") : .null }
    init(_ value: String?) { self = value.map { .string($0) } ?? .null }

    /// Returns the object with more members.
    func with(_ more: [(String, JSON)]) -> JSON {
        if case .object(let members) = self { .object(members + more) } else { self }
    }
}

extension JSON: CustomStringConvertible {
    /// The value on one line.
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let digits): digits
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.append(jsonString: text)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Appends text in quotes, with only the escapes that JSON requires.
    mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x0A: append(contentsOf: "\\n".utf8)
            case 0x0D: append(contentsOf: "\\r".utf8)
            case 0x09: append(contentsOf: "\\t".utf8)
            case ..<0x20:
                append(contentsOf: "\\u00".utf8)
                append(hexadecimal: byte)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    mutating func append(hexadecimal byte: UInt8) {
        for nibble in [byte >> 4, byte & 15] {
            append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
