internal import WAL

/// The rules of access to a monitor: host names, the token, and requests that other pages make.
struct MonitorAccess: Sendable {
    private let token: String?
    /// The value of the session's cookie. It differs from the token, so that a leaked cookie doesn't reveal the token.
    private let session: String
    private let hosts: Set<String>
    private let cookiePath: String

    init(token: String?, hosts: Set<String>, prefix: String) {
        self.token = token
        session = SHA256.hexadecimalDigest(of: Array("wal session \(token ?? "")".utf8))
        self.hosts = Set(hosts.map { $0.lowercased() })
        cookiePath = prefix + "/"
    }

    /// Throws unless the request names an allowed host.
    ///
    /// A page of another site can make its own host name resolve to this machine. Then that page's requests arrive here
    /// with that host name.
    func requireHost(_ request: MonitorRequest) throws(MonitorFailure) {
        guard let host = request.value(of: "host"), let name = Self.name(ofHost: host),
            Self.isAddress(name) || name == "localhost" || name.hasSuffix(".localhost") || hosts.contains(name)
        else {
            throw MonitorFailure(
                403, "host", "Requests for this host name aren't served. Allow it with --host NAME.")
        }
    }

    func isAuthorized(_ request: MonitorRequest) -> Bool {
        guard token != nil else { return true }
        return hasBearerToken(request) || hasSession(request)
    }

    /// Whether a text is the token.
    func isToken(_ text: String) -> Bool {
        guard let token else { return false }
        return Self.isEqual(text, token)
    }

    private func hasBearerToken(_ request: MonitorRequest) -> Bool {
        guard let value = request.value(of: "authorization"), value.lowercased().hasPrefix("bearer ") else {
            return false
        }
        return isToken(String(value.dropFirst("bearer ".count)))
    }

    private func hasSession(_ request: MonitorRequest) -> Bool {
        let name = Self.cookieName(for: request)
        return request.values(of: "cookie").flatMap { $0.split(separator: ";") }.contains { cookie in
            let parts = cookie.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && parts[0].drop { $0 == " " } == name
                && Self.isEqual(String(parts[1]), session)
        }
    }

    /// Throws unless a request that changes something comes from the page itself or from a program.
    ///
    /// A browser names the origin of a request. For plain HTTP on a name that the browser doesn't trust, it omits
    /// `Sec-Fetch-Site`, but then `Origin` names the origin. Only a program can send the token in a header without
    /// either of these headers.
    func requireSameOrigin(_ request: MonitorRequest) throws(MonitorFailure) {
        let refusal = MonitorFailure(403, "origin", "Requests that change something must come from the page itself.")
        guard request.value(of: "x-wal") == "1" else { throw refusal }
        if !request.values(of: "sec-fetch-site").isEmpty {
            guard request.value(of: "sec-fetch-site") == "same-origin" else { throw refusal }
        } else if !request.values(of: "origin").isEmpty {
            guard let origin = request.value(of: "origin"), let host = request.value(of: "host"),
                ["http://\(host)", "https://\(host)"].contains(origin.lowercased())
            else { throw refusal }
        } else if token != nil, !hasBearerToken(request) {
            throw refusal
        }
        guard request.value(of: "content-type")?.split(separator: ";").first == "application/json" else {
            throw MonitorFailure(415, "contentType", "The body must be application/json.")
        }
    }

    /// Returns the cookie of a session, which a client gets for the token.
    func cookie(for request: MonitorRequest) -> String {
        "\(Self.cookieName(for: request))=\(session); Path=\(cookiePath); HttpOnly; SameSite=Strict"
    }

    /// Returns the name of the cookie, which has the port of the request. A browser has one cookie of a name for all
    /// ports of a host, so a page on another port would end the session.
    private static func cookieName(for request: MonitorRequest) -> String {
        guard let host = request.value(of: "host"), let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else {
            return "wal_session"
        }
        return "wal_session_\(host[host.index(after: colon)...])"
    }

    // MARK: Parts

    /// Returns the name in a `Host` header; nil if the text isn't a valid header value.
    static func name(ofHost host: String) -> String? {
        let host = host.lowercased()
        let name: Substring
        var rest: Substring
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            name = host[...end]
            rest = host[end...].dropFirst()
        } else {
            name = host.prefix { $0 != ":" }
            rest = host.dropFirst(name.count)
        }
        if rest.popFirst() != nil, rest.isEmpty || UInt16(rest) == nil { return nil }
        return name.isEmpty ? nil : String(name)
    }

    /// Whether a host name is an address. A page can have an address as its host name only if it comes from that
    /// machine.
    private static func isAddress(_ name: String) -> Bool {
        if name.hasPrefix("["), name.hasSuffix("]") {
            return name.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.allSatisfy(\.isNumber) && UInt8($0) != nil }
    }

    /// Compares two texts in a time that depends only on their lengths.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
