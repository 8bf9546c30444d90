internal import WAL

/// A client's connection through a ``CuttingProxy``: two sockets, and a thread for each direction.
final class ProxyConnection: Sendable {
    private struct State: Sendable {
        /// The number of directions whose thread still uses the sockets.
        var directions = 2
        /// Whether the client has sent data that the server hasn't answered yet.
        var isAsked = false
    }

    private let client: Socket
    private let server: Socket
    private let proxy: CuttingProxy
    private let state = Monitor(State())

    init(client: Socket, server: Socket, proxy: CuttingProxy) {
        self.client = client
        self.server = server
        self.proxy = proxy
    }

    func start() {
        for side in CuttingProxy.Side.allCases {
            do {
                try NamedThread.start("wal-proxy") { self.forward(from: side) }
            } catch {
                cut()
                end()
            }
        }
    }

    /// Ends the connection at once for both sides.
    func cut() {
        state.withLock { state in
            // Once both directions have ended, the descriptors may belong to other files.
            guard state.directions > 0 else { return }
            client.shutDown()
            server.shutDown()
        }
    }

    private func forward(from side: CuttingProxy.Side) {
        defer { end() }
        let (source, target) = side == .client ? (client, server) : (server, client)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let bytes = source.read(into: &buffer)
            guard !bytes.isEmpty else { return target.finishWriting() }
            let isReply = state.withLock { state in
                defer { state.isAsked = side == .client }
                return side == .server && state.isAsked
            }
            switch proxy.verdict(on: bytes.count, from: side, isReply: isReply) {
            case .forward, .hold:
                guard target.write(bytes) else { return cut() }
            case .cut(let count):
                _ = target.write(bytes.prefix(count))
                return cut()
            }
        }
    }

    private func end() {
        let isLast = state.withLock { state in
            state.directions -= 1
            if state.directions == 0 {
                client.close()
                server.close()
            }
            return state.directions == 0
        }
        if isLast { proxy.ended(self) }
    }
}
