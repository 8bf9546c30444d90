import WALMonitor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A client of a live page, which uses plain HTTP/1.0 with a connection for each request. It needs no library.
struct PageClient {
    private let host: String
    private let port: String
    private let prefix: String
    private let token: String?

    /// The limits of the time of each system call and of the size of an answer.
    private static let timeout: Duration = .seconds(5)
    private static let sizeMax = 64 << 20

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - url: The page's address: `http://HOST[:PORT][/PREFIX]`.
    ///   - token: The page's token.
    /// - Throws: `usage`. The message doesn't quote the URL, which may contain a token.
    init(url: String, token: String?) throws(ToolError) {
        guard !url.contains("#") else {
            throw ToolError(
                .usage,
                "Other users of this machine can see a token in an argument. Leave out the part from # on, and set WAL_TOKEN, or name a file with --token-file."
            )
        }
        let scheme = "http://"
        guard url.lowercased().hasPrefix(scheme) else {
            throw ToolError(.usage, "--url is http://HOST:PORT, the address of a wal serve. It has no TLS.")
        }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        var path = String(rest.dropFirst(authority.count))
        while path.hasSuffix("/") { path.removeLast() }
        prefix = path
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = String(authority[..<end].dropFirst())
            port = String(authority[end...].dropFirst(2))
        } else {
            host = String(authority.prefix { $0 != ":" })
            port = String(authority.dropFirst(host.count + 1))
        }
        self.token = token
        let isPort = port.isEmpty || UInt16(port) != nil
        // No part of the URL may break the lines of a request.
        guard isPort, !host.isEmpty, Self.isPrintable(url), !host.contains("@") else {
            throw ToolError(.usage, "--url is http://HOST:PORT, the address of a wal serve.")
        }
        guard token.map(Self.isPrintable) ?? true else {
            throw ToolError(.usage, "The token has characters that a token can't have.")
        }
    }

    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }

    /// Returns the body of the answer to a request.
    ///
    /// - Throws: `inputOutput` if the server doesn't answer, or answers with an error; `usage` if it requires another
    ///   token.
    func get(_ path: String) throws(ToolError) -> [UInt8] {
        let connection = try connect()
        defer { close(connection) }
        let name = host.contains(":") ? "[\(host)]" : host
        var request = "GET \(prefix)\(path) HTTP/1.0\r\nConnection: close\r\n"
        request += "Host: \(name)\(port.isEmpty ? "" : ":\(port)")\r\n"
        if let token { request += "Authorization: Bearer \(token)\r\n" }
        request += "\r\n"
        try writeAll(request.utf8.span.bytes, to: connection)
        return try body(of: try answer(connection))
    }

    private func connect() throws(ToolError) -> Int32 {
        var hints = addrinfo()
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, port.isEmpty ? "80" : port, &hints, &found)
        guard code == 0 else {
            throw ToolError(.inputOutput, "The page's host isn't found: \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        var limit = timeval(tv_sec: .init(Self.timeout.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        var message = ""
        var next = found
        while let address = next?.pointee {
            let connection = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
            if connection >= 0 {
                setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
                setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
                #if canImport(Glibc)
                    let status = Glibc.connect(connection, address.ai_addr, address.ai_addrlen)
                #else
                    let status = Darwin.connect(connection, address.ai_addr, address.ai_addrlen)
                #endif
                if status == 0 { return connection }
            }
            message = systemMessage()
            if connection >= 0 { close(connection) }
            next = address.ai_next
        }
        throw ToolError(.inputOutput, "The page isn't reachable: \(message)")
    }

    /// Reads as many bytes as the answer's head says, or else up to the end of the connection.
    private func answer(_ connection: Int32) throws(ToolError) -> Answer {
        let end = ContinuousClock.now + Self.timeout
        var bytes: [UInt8] = []
        var head: Answer.Head?
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(connection, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0, ContinuousClock.now < end, bytes.count <= Self.sizeMax else {
                throw ToolError(.inputOutput, "The page doesn't answer within \(Self.timeout.components.seconds) s.")
            }
            bytes += piece.prefix(count)
            if head == nil { head = try Answer.Head(bytes) }
            if let head, let length = head.length, bytes.count >= head.size + length {
                return Answer(head: head, body: Array(bytes[head.size..<head.size + length]))
            }
            guard count == 0 else { continue }
            guard let head, head.length == nil else {
                throw ToolError(.inputOutput, "The page's answer is incomplete.")
            }
            return Answer(head: head, body: Array(bytes[head.size...]))
        }
    }

    private func body(of answer: Answer) throws(ToolError) -> [UInt8] {
        switch answer.head.status {
        case 200: return answer.body
        case 401:
            throw ToolError(
                .usage,
                "The page wants \(token == nil ? "its" : "another") token: set WAL_TOKEN, or name its file with --token-file."
            )
        case let status:
            throw ToolError(.inputOutput, "The page answers with status \(status). \(answer.message)")
        }
    }
}

private struct Answer {
    struct Head {
        var status: Int
        /// The number of bytes before the body.
        var size: Int
        /// The number of bytes of the body; nil if the head doesn't have it.
        var length: Int?

        /// Reads the head of an answer. Returns nil if the head isn't complete.
        init?(_ answer: [UInt8]) throws(ToolError) {
            guard let split = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let lines = String(decoding: answer[..<split.lowerBound], as: UTF8.self).split(
                separator: "\r\n" as Character)
            let first = lines.first?.split(separator: " ") ?? []
            guard first.count > 1, first[0].hasPrefix("HTTP/1."), let status = Int(first[1]) else {
                throw ToolError(.inputOutput, "The answer isn't HTTP.")
            }
            self.status = status
            size = split.upperBound
            let name = "content-length:"
            length = lines.first { $0.lowercased().hasPrefix(name) }.flatMap { line in
                UInt32(line.dropFirst(name.count).drop { $0 == " " }).map(Int.init)
            }
        }
    }

    var head: Head
    var body: [UInt8]

    /// The message in the error of a live page.
    var message: String {
        let error = ExactJSON.members(of: body).first { $0.key == "error" }?.value ?? []
        let message = ExactJSON.members(of: error).first { $0.key == "message" }?.value ?? []
        return String(decoding: message.dropFirst().dropLast(), as: UTF8.self)
    }
}
