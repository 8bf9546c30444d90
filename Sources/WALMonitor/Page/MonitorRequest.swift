/// An HTTP request, without the connection.
public struct MonitorRequest: Sendable {
    /// The size in bytes of the largest body that a monitor accepts. A server refuses a longer body with status 413.
    public static let bodySizeMax = 64 << 10

    /// The method, such as `GET`.
    public var method: String
    /// The path and the query as the client sent them, such as `/api/v1/records?limit=10`.
    public var target: String
    /// The headers in the order of the request. Names are compared without regard to case.
    public var headers: [(name: String, value: String)]
    /// The body; empty for a request without one.
    public var body: [UInt8]

    /// Makes a request. Each argument sets the property of the same name.
    public init(method: String, target: String, headers: [(name: String, value: String)], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// The path without the query. It stays percent-encoded, because no path of a monitor contains a character that
    /// needs encoding.
    var path: Substring { target.prefix { $0 != "?" } }

    /// The decoded parameters of the query. If several parameters have the same name, the last one counts.
    var query: [String: String] {
        var query: [String: String] = [:]
        for part in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            let name = part.prefix { $0 != "=" }
            query[Self.decoded(name)] = Self.decoded(part.dropFirst(name.count + 1))
        }
        return query
    }

    /// Returns all values of a header, whose name is given in lower case.
    func values(of name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// Returns the value of a header that occurs exactly once; nil otherwise.
    func value(of name: String) -> String? {
        let values = values(of: name)
        return values.count == 1 ? values[0] : nil
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                // The parser of numbers accepts a sign.
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let code = UInt8(digits, radix: 16) else {
                    bytes.append(byte)
                    continue
                }
                bytes.append(code)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
