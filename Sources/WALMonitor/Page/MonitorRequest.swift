/// A request of HTTP, without the connection.
public struct MonitorRequest: Sendable {
    /// The size of the largest body that a monitor takes. A server refuses a longer one with status 413.
    public static let bodySizeMax = 64 << 10

    public var method: String
    /// The path and the query as the client sent them, such as `/api/v1/records?limit=10`.
    public var target: String
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(method: String, target: String, headers: [(name: String, value: String)], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// The path without the query. It stays encoded, because no path of a monitor has a character that needs it.
    var path: Substring { target.prefix { $0 != "?" } }

    /// The decoded parameters of the query. Of parameters with one name, the last counts.
    var query: [String: String] {
        var query: [String: String] = [:]
        for part in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            let name = part.prefix { $0 != "=" }
            query[Self.decoded(name)] = Self.decoded(part.dropFirst(name.count + 1))
        }
        return query
    }

    /// Returns the values of a header.
    func values(of name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name }.map(\.value)
    }

    /// Returns the value of a header that is there once.
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
                guard rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else {
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
