internal import WAL

/// A response to a ``MonitorRequest``.
public struct MonitorResponse: Sendable {
    public enum Body: Sendable {
        case bytes([UInt8])
        /// Bytes that come while the client stays. Write each piece before the next one is taken, so that a slow client holds no memory.
        case events(MonitorEvents)
    }

    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: Body

    init(_ status: Int, _ contentType: String, _ body: Body, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.headers = [("Content-Type", contentType)] + headers
        self.body = body
    }

    static func json(_ status: Int = 200, _ members: (inout JSONText) -> Void) -> MonitorResponse {
        var text = JSONText()
        text.object(nil, members)
        return MonitorResponse(status, "application/json", .bytes(text.bytes))
    }

    static func text(_ status: Int, _ text: String) -> MonitorResponse {
        MonitorResponse(status, "text/plain; charset=utf-8", .bytes(Array("\(text)\n".utf8)))
    }
}

/// A request that can't be served, with the status of HTTP.
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
