internal import WAL

/// A proxy that forwards connections to a server and cuts them on demand, to test network failures.
///
/// The most important moment is the one between a commit and its reply: the server has committed, and the client can't
/// know it. ``cutBeforeReply(_:)`` produces that moment.
///
/// ```swift
/// let proxy = try CuttingProxy(
///     listeningOn: .unix(path: "\(directory)/proxy/.s.PGSQL.5432"), forwardingTo: .unix(path: "\(directory)/.s.PGSQL.5432"))
/// ```
///
/// The proxy blocks its own threads, which ``close()`` ends.
public final class CuttingProxy: Sendable {
    /// The sender of some bytes.
    public enum Side: Hashable, Sendable, CaseIterable {
        /// The client, which connected to the proxy.
        case client
        /// The server, to which the proxy connects.
        case server
    }

    /// The counts of a proxy.
    public struct Counts: Hashable, Sendable {
        /// The number of connections that clients have made.
        public var connections = 0
        /// The number of connections that were closed at once.
        public var refusals = 0
        /// The number of connections that were cut.
        public var cuts = 0
        /// The number of forwarded bytes, by sender.
        public var bytes: [Side: Int] = [:]
    }

    private struct State: Sendable {
        var plan = CutPlan()
        var delay: Duration = .zero
        /// Whether a reply is held.
        var isHolding = false
        var connections: [ObjectIdentifier: ProxyConnection] = [:]
        var isClosed = false
    }

    /// The address to which clients connect.
    public let address: SocketAddress
    /// The address of the server.
    public let target: SocketAddress
    private let listener: Socket
    private let state = Monitor(State())

    /// Starts to listen. If a file exists at the path of a unix socket, it is removed.
    ///
    /// - Parameters:
    ///   - address: The address to which clients connect.
    ///   - target: The address of the server.
    /// - Throws: ``SystemCallError``, or the system's error if a thread can't be started.
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

    /// The counts so far.
    public var counts: Counts { state.withLock { $0.plan.counts } }

    /// The number of open connections.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Cuts all open connections.
    public func cut() {
        let open = state.withLock { state in
            state.plan.counts.cuts += state.connections.count
            return Array(state.connections.values)
        }
        for connection in open { connection.cut() }
    }

    /// Drops a reply of the server and cuts its connection.
    ///
    /// A reply is all data that the server sends after the client has sent some, until the client sends again.
    ///
    /// - Parameter number: The number of the reply, counted over all connections from 1 for the next reply.
    public func cutBeforeReply(_ number: Int = 1) {
        state.withLock { $0.plan.repliesLeft = max(1, number) }
    }

    /// Cuts a connection after one side has sent a number of further bytes, counted over all connections.
    ///
    /// - Parameters:
    ///   - byteCount: The number of bytes that are still forwarded.
    ///   - side: The sender of these bytes.
    public func cut(after byteCount: Int, from side: Side) {
        state.withLock { $0.plan.bytesLeft[side] = max(0, byteCount) }
    }

    /// Holds a reply of the server until ``release()``. Other connections continue.
    ///
    /// - Parameter number: The number of the reply, counted over all connections from 1 for the next reply.
    public func holdBeforeReply(_ number: Int = 1) {
        state.withLock { $0.plan.repliesUntilHold = max(1, number) }
    }

    /// Whether a reply is being held.
    public var isHolding: Bool { state.withLock(\.isHolding) }

    /// Forwards the held reply. Cancels a hold that hasn't happened yet.
    public func release() {
        state.withLock { state in
            state.isHolding = false
            state.plan.repliesUntilHold = nil
        }
    }

    /// Cancels cuts that haven't happened yet.
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

    /// The time by which each piece of data is delayed.
    public var delay: Duration {
        get { state.withLock { $0.delay } }
        set { state.withLock { $0.delay = newValue } }
    }

    /// Stops listening and cuts all connections. A second call has no effect.
    public func close() {
        let open = state.withLock { state in
            state.isClosed = true
            state.isHolding = false
            return Array(state.connections.values)
        }
        for connection in open { connection.cut() }
    }

    // MARK: For the threads

    /// Waits briefly for a connection. Returns false after the proxy is closed.
    private func acceptNext() -> Bool {
        if state.withLock(\.isClosed) { return false }
        // This timeout limits the time that it takes to close or release a proxy.
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

    /// Returns the action for bytes that have arrived, after the delay, or after the release of a held reply.
    func verdict(on count: Int, from side: Side, isReply: Bool) -> CutPlan.Verdict {
        let delay = delay
        if delay > .zero { NamedThread.sleep(delay) }
        let verdict = state.withLock { state -> CutPlan.Verdict in
            if state.isClosed { return .cut(after: 0) }
            let verdict = state.plan.received(count, from: side, isReply: isReply)
            if verdict == .hold { state.isHolding = true }
            return verdict
        }
        if verdict == .hold {
            while isHolding { NamedThread.sleep(.milliseconds(1)) }
        }
        return verdict
    }

    func ended(_ connection: ProxyConnection) {
        state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
    }
}
