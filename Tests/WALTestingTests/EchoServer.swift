import WAL

@testable import WALTesting

/// Sends each message back, and records it.
final class EchoServer: Sendable {
    private struct State: Sendable {
        var messages: [String] = []
        var isClosed = false
    }

    let directory: TemporaryDirectory
    let address: SocketAddress
    private let state = Monitor(State())

    init() throws {
        directory = try TemporaryDirectory()
        address = .unix(path: directory.path + "/s.sock")
        let listener = try Socket.listening(on: address)
        let state = state
        try NamedThread.start("echo") {
            while !state.withLock(\.isClosed) {
                guard let socket = listener.accepted(within: 50) else { continue }
                try? NamedThread.start("echo") {
                    let connection = FrameConnection(socket: socket)
                    while let message = connection.receive() {
                        state.withLock { $0.messages.append(message) }
                        guard connection.send(message) else { break }
                    }
                    socket.close()
                }
            }
            listener.close()
        }
    }

    var messages: [String] { state.withLock(\.messages) }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}
