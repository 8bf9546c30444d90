#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The address of a server on this machine.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// A Unix socket. Its path has at most 103 bytes.
    case unix(path: String)
    /// A TCP port of the loopback interface. For listening, 0 selects any free port.
    case loopback(port: UInt16)

    public var description: String {
        switch self {
        case .unix(let path): path
        case .loopback(let port): "127.0.0.1:\(port)"
        }
    }

    var family: Int32 {
        switch self {
        case .unix: AF_UNIX
        case .loopback: AF_INET
        }
    }

    /// Calls `body` with the address in the form that the system expects.
    func withSystemAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws(SystemCallError) -> Int32 {
        switch self {
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = path.utf8CString
            let room = MemoryLayout.size(ofValue: address.sun_path)
            guard bytes.count <= min(room, 104) else {
                throw SystemCallError(call: "socket", what: path, errno: ENAMETOOLONG)
            }
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
                unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
            }
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        case .loopback(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            return unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }
}
