#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A blocking stream socket. Only the proxy's own threads use it.
struct Socket: Sendable {
    let descriptor: Int32

    static func listening(on address: SocketAddress) throws(SystemCallError) -> Socket {
        let socket = try Socket(family: address.family, for: address)
        if case .unix(let path) = address { unsafe unlink(path) }
        do {
            try unsafe check("bind", address, address.withSystemAddress { unsafe bind(socket.descriptor, $0, $1) })
            try check("listen", address, listen(socket.descriptor, 128))
        } catch {
            socket.close()
            throw error
        }
        return socket
    }

    static func connected(to address: SocketAddress) throws(SystemCallError) -> Socket {
        let socket = try Socket(family: address.family, for: address)
        do {
            try unsafe check(
                "connect", address, address.withSystemAddress { unsafe connect(socket.descriptor, $0, $1) })
        } catch {
            socket.close()
            throw error
        }
        return socket
    }

    private init(family: Int32, for address: SocketAddress) throws(SystemCallError) {
        #if canImport(Darwin)
            let type = SOCK_STREAM
        #else
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #endif
        self.init(descriptor: socket(family, type, 0))
        try Self.check("socket", address, descriptor)
        setOptions()
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    private func setOptions() {
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        #if canImport(Darwin)
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, size)
        #endif
    }

    private static func check(_ call: String, _ address: SocketAddress, _ result: Int32) throws(SystemCallError) {
        guard result >= 0 else { throw SystemCallError(call: call, what: "\(address)", errno: errno) }
    }

    /// Returns the port of a listening loopback socket.
    func port() -> UInt16? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        return result == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// Returns the next connection. Returns nil if there is none within `milliseconds`.
    func accepted(within milliseconds: Int32) -> Socket? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&poller, 1, milliseconds) > 0 else { return nil }
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return nil }
        let socket = Socket(descriptor: connection)
        socket.setOptions()
        return socket
    }

    /// Returns some bytes; none at the end of the connection.
    func read(into buffer: inout [UInt8]) -> ArraySlice<UInt8> {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            return buffer[..<max(0, count)]
        }
    }

    /// Writes all bytes. Returns false if the connection is closed.
    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, flags) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Ends both directions, which wakes threads that are reading or writing.
    func shutDown() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Ends the direction in which this side writes.
    func finishWriting() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        #if canImport(Darwin)
            _ = Darwin.close(descriptor)
        #else
            _ = Glibc.close(descriptor)
        #endif
    }
}
