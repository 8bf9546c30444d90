import WAL

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

    /// Returns an array with an object for each element.
    static func objects<Element>(_ elements: [Element], _ members: (Element) -> [(String, JSON)]) -> JSON {
        .array(elements.map { .object(members($0)) })
    }

    /// Returns the value with changed strings and unchanged keys.
    func mappingStrings(_ change: (String) -> String) -> JSON {
        switch self {
        case .null, .bool, .number: self
        case .string(let text): .string(change(text))
        case .array(let elements): .array(elements.map { $0.mappingStrings(change) })
        case .object(let members): .object(members.map { ($0.0, $0.1.mappingStrings(change)) })
        }
    }

    /// Returns the object with additional members.
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
