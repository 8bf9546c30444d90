import TestSupport
import Testing
import WAL

@testable import WALTesting

/// The proxy between a client and a server that echoes each message.
@Suite(.timeLimit(.minutes(10))) struct CuttingProxyTests {
    private func withProxy(
        loopback: Bool = false, _ body: @escaping @Sendable (CuttingProxy, EchoServer) throws -> Void
    ) async throws {
        try await Blocking.run {
            let server = try EchoServer()
            defer { server.close() }
            let address = loopback ? SocketAddress.loopback(port: 0) : .unix(path: server.directory.path + "/p.sock")
            let proxy = try CuttingProxy(listeningOn: address, forwardingTo: server.address)
            defer { proxy.close() }
            try body(proxy, server)
        }
    }

    private static func connect(_ proxy: CuttingProxy) throws -> FrameConnection {
        FrameConnection(socket: try Socket.connected(to: proxy.address))
    }

    @Test(arguments: [true, false]) func forwards(loopback: Bool) async throws {
        try await withProxy(loopback: loopback) { proxy, _ in
            let client = try Self.connect(proxy)
            defer { client.socket.close() }
            let texts = ["a", String(repeating: "0123456789", count: 100_000), ""]
            for text in texts {
                #expect(client.send(text))
                #expect(client.receive() == text)
            }
            #expect(proxy.counts.connections == 1)
            #expect(proxy.counts.cuts == 0)
            let bytes = texts.reduce(0) { $0 + $1.utf8.count + 4 }
            #expect(proxy.counts.bytes == [.client: bytes, .server: bytes])
            #expect(proxy.connectionCount == 1)
        }
    }

    /// A reply that arrives during the close would otherwise hold the proxy's thread for good.
    @Test func aClosedProxyHoldsNothing() async throws {
        try await withProxy { proxy, _ in
            proxy.holdBeforeReply()
            proxy.close()
            #expect(proxy.verdict(on: 1, from: .server, isReply: true) == .cut(after: 0))
            #expect(!proxy.isHolding)
        }
    }

    @Test func cutsNow() async throws {
        try await withProxy { proxy, _ in
            let clients = try (0..<3).map { _ in try Self.connect(proxy) }
            for client in clients {
                #expect(client.send("a"))
                #expect(client.receive() == "a")
            }
            proxy.cut()
            for client in clients { #expect(client.receive() == nil) }
            #expect(proxy.counts.cuts == 3)
            let next = try Self.connect(proxy)
            #expect(next.send("b"))
            #expect(next.receive() == "b")
            for client in clients + [next] { client.socket.close() }
        }
    }

    /// The server has received the message, and the client can't know that.
    @Test(arguments: 1...3) func cutsBeforeAReply(number: Int) async throws {
        try await withProxy { proxy, server in
            let client = try Self.connect(proxy)
            defer { client.socket.close() }
            proxy.cutBeforeReply(number)
            for index in 1...number {
                #expect(client.send("message \(index)"))
                #expect(client.receive() == (index < number ? "message \(index)" : nil))
            }
            #expect(server.messages.last == "message \(number)")
            #expect(proxy.counts.cuts == 1)
        }
    }

    @Test(arguments: [0, 1, 4, 9]) func cutsWithinARequest(size: Int) async throws {
        try await withProxy { proxy, server in
            let client = try Self.connect(proxy)
            defer { client.socket.close() }
            proxy.cut(after: size, from: .client)
            _ = client.send("message")
            #expect(client.receive() == nil)
            #expect(server.messages.isEmpty)
            let next = try Self.connect(proxy)
            defer { next.socket.close() }
            #expect(next.send("again"))
            #expect(next.receive() == "again")
        }
    }

    @Test func cutsWithinAReply() async throws {
        try await withProxy { proxy, server in
            let client = try Self.connect(proxy)
            defer { client.socket.close() }
            proxy.cut(after: 6, from: .server)
            #expect(client.send("message"))
            var rest: [UInt8] = []
            #expect(client.receive(rest: &rest) == nil)
            #expect(rest.count == 6)
            #expect(server.messages == ["message"])
        }
    }

    @Test func refusesForAWhile() async throws {
        try await withProxy { proxy, _ in
            proxy.isRefusing = true
            let refused = try Self.connect(proxy)
            _ = refused.send("a")
            #expect(refused.receive() == nil)
            refused.socket.close()
            #expect(proxy.counts.refusals == 1)
            proxy.isRefusing = false
            let client = try Self.connect(proxy)
            #expect(client.send("a"))
            #expect(client.receive() == "a")
            client.socket.close()
        }
    }

    @Test func holdsOneReplyUntilItIsReleased() async throws {
        try await withProxy { proxy, server in
            let (client, other) = (try Self.connect(proxy), try Self.connect(proxy))
            proxy.holdBeforeReply(2)
            for text in ["a", "b"] {
                #expect(client.send(text))
                if text == "a" { #expect(client.receive() == text) }
            }
            eventuallyBlocking { proxy.isHolding }
            #expect(server.messages == ["a", "b"])
            #expect(other.send("c"))
            #expect(other.receive() == "c")
            #expect(proxy.isHolding)
            proxy.release()
            #expect(client.receive() == "b")
            #expect(proxy.counts.cuts == 0)
            for connection in [client, other] { connection.socket.close() }
        }
    }

    @Test func delaysEachWay() async throws {
        try await withProxy { proxy, _ in
            let client = try Self.connect(proxy)
            proxy.delay = .milliseconds(30)
            let start = ContinuousClock.now
            #expect(client.send("a"))
            #expect(client.receive() == "a")
            #expect(ContinuousClock.now - start >= .milliseconds(60))
            client.socket.close()
        }
    }

    @Test func aCancelledCutDoesNotHappen() async throws {
        try await withProxy { proxy, _ in
            let client = try Self.connect(proxy)
            proxy.cutBeforeReply()
            proxy.cut(after: 0, from: .client)
            proxy.cancelCuts()
            #expect(client.send("a"))
            #expect(client.receive() == "a")
            client.socket.close()
        }
    }

    @Test func tellsWhatItCannotListenOn() {
        let path = "/" + String(repeating: "x", count: 200)
        #expect(throws: SystemCallError.self) {
            try CuttingProxy(listeningOn: .unix(path: path), forwardingTo: .loopback(port: 1))
        }
    }
}
