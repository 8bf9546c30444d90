internal import WAL

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Forwards connections to a server, and cuts them when it's told to: for the moments in which a network fails.
///
/// The moment that matters most is between a commit and its reply: the server has it, and the client can't know.
/// ``cutBeforeReply(_:)`` makes that moment.
///
/// ```swift
/// let proxy = try CuttingProxy(
///     listeningOn: .unix(path: "\(directory)/proxy/.s.PGSQL.5432"), forwardingTo: .unix(path: "\(directory)/.s.PGSQL.5432"))
/// ```
///
/// Blocks on threads of its own. ``close()`` ends them.
public final class CuttingProxy: Sendable {
    /// Who has sent some bytes.
    public enum Side: Hashable, Sendable, CaseIterable {
        /// Who connected to the proxy.
        case client
        /// Whom the proxy connects to.
        case server
    }

    /// What a proxy has seen.
    public struct Counts: Hashable, Sendable {
        /// Connections that clients have made.
        public var connections = 0
        /// Of those, the ones that were closed at once.
        public var refusals = 0
        /// Connections that were cut.
        public var cuts = 0
        /// Bytes that were forwarded, by who has sent them.
        public var bytes: [Side: Int] = [:]
    }

    private struct State: Sendable {
        var plan = CutPlan()
        var delay: Duration = .zero
        /// A reply is held until this is false.
        var isHolding = false
        var connections: [ObjectIdentifier: ProxyConnection] = [:]
        var isClosed = false
    }

    /// Where clients connect.
    public let address: SocketAddress
    /// Where the connections go.
    public let target: SocketAddress
    private let listener: Socket
    private let state = Monitor(State())

    /// Starts to listen. A file at a unix socket's path is removed.
    ///
    /// - Throws: ``SystemCallError``, or what starting a thread throws.
    public init(listeningOn address: SocketAddress, forwardingTo target: SocketAddress) throws {
        listener = try Socket.listening(on: address)
        if case .loopback = address, let port = listener.port() {
            self.address = .loopback(port: port)
        } else {
            self.address = address
        }
        self.target = target
        let listener = listener
        do {
            try NamedThread.start("wal-proxy") { [weak self] in
                while let proxy = self, proxy.acceptNext() {}
                listener.close()
            }
        } catch {
            listener.close()
            throw error
        }
    }

    /// What was seen so far.
    public var counts: Counts { state.withLock { $0.plan.counts } }

    /// How many connections are open.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Cuts all connections that are open.
    public func cut() {
        let open = state.withLock { state in
            state.plan.cutNow(connections: state.connections.count)
            return Array(state.connections.values)
        }
        for connection in open { connection.cut() }
    }

    /// Keeps back a reply of the server, and cuts its connection instead: the next one, or the `number`th from now.
    ///
    /// A reply is what the server sends after the client has sent something; what else it sends until the client
    /// speaks again belongs to the same reply.
    public func cutBeforeReply(_ number: Int = 1) {
        state.withLock { $0.plan.repliesLeft = max(1, number) }
    }

    /// Cuts a connection when so many more bytes of one side have been forwarded, on all connections together.
    public func cut(after byteCount: Int, from side: Side) {
        state.withLock { $0.plan.bytesLeft[side] = max(0, byteCount) }
    }

    /// Holds a reply of the server until ``release()``: the next one, or the `number`th from now. Other connections go on.
    public func holdBeforeReply(_ number: Int = 1) {
        state.withLock { $0.plan.repliesUntilHold = max(1, number) }
    }

    /// Whether a reply is held now.
    public var isHolding: Bool { state.withLock(\.isHolding) }

    /// Passes on the reply that is held, and forgets a hold that was ordered and hasn't happened.
    public func release() {
        state.withLock { state in
            state.isHolding = false
            state.plan.repliesUntilHold = nil
        }
    }

    /// Forgets cuts that were ordered and haven't happened.
    public func cancelCuts() {
        state.withLock { state in
            state.plan.repliesLeft = nil
            state.plan.bytesLeft = [:]
        }
    }

    /// Whether new connections are closed as soon as they are made.
    public var isRefusing: Bool {
        get { state.withLock { $0.plan.isRefusing } }
        set { state.withLock { $0.plan.isRefusing = newValue } }
    }

    /// How long each piece of data is held back.
    public var delay: Duration {
        get { state.withLock { $0.delay } }
        set { state.withLock { $0.delay = newValue } }
    }

    /// Stops to listen, and cuts all connections. Once; does nothing the second time.
    public func close() {
        let open = state.withLock { state in
            state.isClosed = true
            state.isHolding = false
            return Array(state.connections.values)
        }
        for connection in open { connection.cut() }
    }

    // MARK: For the threads

    /// Waits a little for a connection. False when the proxy was closed.
    private func acceptNext() -> Bool {
        if state.withLock(\.isClosed) { return false }
        // The longest that closing, and forgetting, a proxy takes.
        guard let client = listener.accepted(within: 50) else { return true }
        guard state.withLock({ $0.plan.connected() }), let server = try? Socket.connected(to: target) else {
            client.close()
            return true
        }
        let connection = ProxyConnection(client: client, server: server, proxy: self)
        let isClosed = state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = connection
            return state.isClosed
        }
        connection.start()
        if isClosed { connection.cut() }
        return true
    }

    func verdict(on count: Int, from side: Side, isReply: Bool) -> CutPlan.Verdict {
        let delay = delay
        if delay > .zero { usleep(UInt32(clamping: Int64(delay / .microseconds(1)))) }
        return state.withLock { state in
            let verdict = state.plan.received(count, from: side, isReply: isReply)
            if verdict == .hold { state.isHolding = true }
            return verdict
        }
    }

    func waitForRelease() {
        while isHolding { usleep(1000) }
    }

    func ended(_ connection: ProxyConnection) {
        state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
    }
}
