#if MySQL
    import Foundation
    import Synchronization

    /// Forwards a connection to the server's socket. Once armed, it cuts the connection at the next COMMIT: before it forwards
    /// the request, or after the server has executed it, without forwarding the answer.
    final class AnswerCutter: Sendable {
        private let listener: Int32
        private let isArmed = Atomic<Bool>(false)
        private let passesRequest = Atomic<Bool>(false)

        init(to server: String, at path: String) throws {
            listener = try Self.socket(path) { bind($0, $1, $2) }
            listen(listener, 8)
            Thread.detachNewThread { [self] in
                while case let client = accept(listener, nil, nil), client >= 0 {
                    guard let upstream = try? Self.socket(server, { connect($0, $1, $2) }) else { continue }
                    Thread.detachNewThread { [self] in pump(client, upstream, isRequest: true) }
                    Thread.detachNewThread { [self] in pump(upstream, client, isRequest: false) }
                }
            }
        }

        func arm(passesRequest: Bool) {
            self.passesRequest.store(passesRequest, ordering: .sequentiallyConsistent)
            isArmed.store(true, ordering: .sequentiallyConsistent)
        }

        func close() { shutdown(listener, Int32(SHUT_RDWR)) }

        private func pump(_ source: Int32, _ target: Int32, isRequest: Bool) {
            var room = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = read(source, &room, room.count), count > 0 {
                let bytes = room[..<count]
                if isRequest, String(decoding: bytes, as: UTF8.self).contains("COMMIT"),
                    isArmed.exchange(false, ordering: .sequentiallyConsistent)
                {
                    // The other thread receives the answer, and can't forward it.
                    shutdown(source, Int32(SHUT_WR))
                    if passesRequest.load(ordering: .sequentiallyConsistent) {
                        _ = bytes.withUnsafeBytes { send(target, $0.baseAddress, count, Int32(MSG_NOSIGNAL)) }
                        usleep(300_000)
                    }
                    break
                }
                _ = bytes.withUnsafeBytes { send(target, $0.baseAddress, count, Int32(MSG_NOSIGNAL)) }
            }
            shutdown(source, Int32(SHUT_RDWR))
            shutdown(target, Int32(SHUT_RDWR))
        }

        private static func socket(
            _ path: String, _ attach: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
        ) throws -> Int32 {
            #if canImport(Darwin)
                let handle = Foundation.socket(AF_UNIX, SOCK_STREAM, 0)
            #else
                let handle = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            #endif
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(103)) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    attach(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard result == 0 else { throw ServerFailure(description: "socket \(path): \(errno)") }
            return handle
        }
    }
#endif
