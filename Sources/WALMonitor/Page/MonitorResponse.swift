internal import WAL

/// A response to a ``MonitorRequest``.
public struct MonitorResponse: Sendable {
    /// The body of a response.
    public enum Body: Sendable {
        /// A whole body.
        case bytes([UInt8])
        /// Bytes that arrive as long as the client is connected. Write each piece before you take the next one, so that
        /// a slow client holds no memory.
        case events(MonitorEvents)
    }

    /// The HTTP status code.
    public var status: Int
    /// The headers. They don't include the length of the body.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: Body

    init(_ status: Int, _ contentType: String, _ body: Body, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.headers = [("Content-Type", contentType)] + headers
        self.body = body
    }

    static func json(_ status: Int = 200, _ members: (inout JSONText) -> Void) -> MonitorResponse {
        MonitorResponse(status, "application/json", .bytes(JSONText.object(members)))
    }

    static func text(_ status: Int, _ text: String) -> MonitorResponse {
        MonitorResponse(status, "text/plain; charset=utf-8", .bytes(Array("\(text)\n".utf8)))
    }
}

/// The failure of a request, with an HTTP status code.
struct MonitorFailure: Error {
    var status: Int
    var code: String
    var message: String
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ code: String, _ message: String, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
    }

    static func badParameter(_ name: String, _ meaning: String) -> MonitorFailure {
        MonitorFailure(400, "badParameter", "The parameter \(name) is \(meaning).")
    }

    var response: MonitorResponse {
        var response = MonitorResponse.json(status) {
            $0.object("error") {
                $0.string("code", code)
                $0.string("message", message)
            }
        }
        response.headers += headers
        return response
    }
}
