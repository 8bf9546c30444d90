internal import WAL

/// Sends events to the clients of a monitor. While there are clients, it examines the log once a second.
///
/// The hub keeps one copy of the newest status, and each client takes the members that it doesn't have yet. So a slow
/// client skips intermediate states, and costs no memory. Each client has a queue for the other events. If the queue
/// exceeds its limit, the hub disconnects the client.
final class EventHub: Sendable {
    enum Topic: String, CaseIterable {
        case status, segments, tail, jobs
    }

    static let clientsMax = 32
    /// The largest number of bytes of events that may wait for a client.
    static let queueMax = 256 << 10
    /// The number of examinations without an event after which a client gets a comment. The comment reveals a broken
    /// connection.
    private static let silenceMax = 15

    fileprivate struct Client {
        var topics: Set<Topic>
        var bell: AsyncStream<Void>.Continuation
        var queue: [[UInt8]] = []
        var queuedBytes = 0
        var isClosed = false
        var silence = 0
        /// The members of the status that the client already has.
        var sent: [String: [UInt8]] = [:]

        mutating func take(_ look: EventHub.Look, _ generation: UInt64) {
            silence += 1
            let isBehind = queuedBytes > 0
            for event in look.events where topics.contains(event.topic) {
                let text = EventHub.text(event.name, event.data, generation)
                queue.append(text)
                queuedBytes += text.count
            }
            // One examination may find more than the limit. A client that takes the events of each examination keeps
            // up.
            guard isBehind, queuedBytes > EventHub.queueMax else { return }
            isClosed = true
            queue = []
        }
    }

    private struct State {
        var clients: [Int: Client] = [:]
        var nextClient = 0
        var generation: UInt64 = 0
        var status: [(key: String, value: [UInt8])] = []
        /// The newest state of the newest job.
        var job: [UInt8]?
        var loop: Task<Void, Never>?
        var isClosed = false
    }

    /// The result of one examination of the log.
    struct Look: Sendable {
        var status: [(key: String, value: [UInt8])] = []
        var events: [(topic: Topic, name: String, data: [UInt8])] = []
    }

    private let state = Monitor(State())
    private let look: @Sendable (_ topics: Set<Topic>) async -> Look

    init(_ look: @escaping @Sendable (_ topics: Set<Topic>) async -> Look) {
        self.look = look
    }

    // MARK: Clients

    /// Returns the events for a new client; nil if there are too many clients or the hub is closed.
    func subscribe(_ topics: Set<Topic>) -> MonitorEvents? {
        let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard state.clients.count < Self.clientsMax, !state.isClosed else { return nil }
            let number = state.nextClient
            state.nextClient += 1
            var client = Client(topics: topics, bell: bell)
            // A job may have ended while the client had no connection.
            if topics.contains(.jobs), let job = state.job {
                client.queue = [Self.text("last-job", job, state.generation)]
            }
            state.clients[number] = client
            if state.loop == nil { state.loop = Task { [weak self] in await self?.run() } }
            return number
        }
        guard let number else { return nil }
        return MonitorEvents(subscription: Subscription(self, number, bells))
    }

    /// The number of clients.
    var clientCount: Int { state.withLock { $0.clients.count } }

    fileprivate func remove(_ number: Int) {
        state.withLock { state in
            state.clients[number] = nil
            guard state.clients.isEmpty else { return }
            state.loop?.cancel()
            state.loop = nil
            state.status = []
        }
    }

    /// Ends the events of all clients, and accepts no more clients.
    func close() {
        let bells = state.withLock { state in
            state.isClosed = true
            state.loop?.cancel()
            return state.clients.values.map(\.bell)
        }
        for bell in bells { bell.finish() }
    }

    // MARK: Events

    private func run() async {
        while !Task.isCancelled {
            let topics = state.withLock { state in state.clients.values.reduce(into: Set()) { $0.formUnion($1.topics) }
            }
            publish(await look(topics))
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Publishes an event between two examinations of the log.
    func publish(_ topic: Topic, _ name: String, _ data: [UInt8]) {
        publish(Look(events: [(topic, name, data)]))
    }

    private func publish(_ look: Look) {
        let bells = state.withLock { state in
            state.generation += 1
            if !look.status.isEmpty { state.status = look.status }
            state.job = look.events.last { $0.topic == .jobs }?.data ?? state.job
            for number in state.clients.keys { state.clients[number]?.take(look, state.generation) }
            return state.clients.values.map(\.bell)
        }
        for bell in bells { bell.yield() }
    }

    fileprivate func next(for number: Int) -> NextEvent {
        state.withLock { state in
            guard !state.isClosed, var client = state.clients[number], !client.isClosed else { return .end }
            defer { state.clients[number] = client }
            var text: [UInt8] = []
            if client.topics.contains(.status) {
                let changed = state.status.filter { client.sent[$0.key] != $0.value }
                if !changed.isEmpty {
                    for member in changed { client.sent[member.key] = member.value }
                    text += Self.text("status", ExactJSON.object(changed), state.generation)
                }
            }
            text += client.queue.joined()
            client.queue = []
            client.queuedBytes = 0
            if text.isEmpty {
                guard client.silence >= Self.silenceMax else { return .nothing }
                text = Array(":\n\n".utf8)
            }
            client.silence = 0
            return .text(text)
        }
    }

    fileprivate enum NextEvent {
        case text([UInt8])
        case nothing
        case end
    }

    /// Returns an event as text. The data need no escaping, because `JSONText` writes no line breaks between values and
    /// escapes those in strings.
    fileprivate static func text(_ name: String, _ data: [UInt8], _ generation: UInt64) -> [UInt8] {
        Array("id: \(generation)\nevent: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8)
    }
}

/// A client's place in a hub. The client leaves the hub when the last reference to its place is gone.
private final class Subscription: Sendable {
    let hub: EventHub
    let number: Int
    let bells: AsyncStream<Void>

    init(_ hub: EventHub, _ number: Int, _ bells: AsyncStream<Void>) {
        self.hub = hub
        self.number = number
        self.bells = bells
    }

    deinit { hub.remove(number) }
}

/// The events of a monitor for one client, as text of the type `text/event-stream`.
///
/// The sequence ends when the monitor stops, or when more than 256 KiB wait for the client. To unsubscribe a client
/// that has disconnected, drop the sequence and its iterator.
public struct MonitorEvents: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = Never

    fileprivate let subscription: Subscription

    /// Makes an iterator, which takes the events of the client.
    public func makeAsyncIterator() -> Iterator { Iterator(subscription: subscription) }

    /// An iterator over a client's events.
    public struct Iterator: AsyncIteratorProtocol {
        private let subscription: Subscription
        private var bells: AsyncStream<Void>.Iterator
        private var hasBegun = false

        fileprivate init(subscription: Subscription) {
            self.subscription = subscription
            bells = subscription.bells.makeAsyncIterator()
        }

        /// Returns the next piece of text; nil after the last one. Suspends until there is an event.
        public mutating func next() async -> [UInt8]? {
            if !hasBegun {
                hasBegun = true
                return Array("retry: 2000\n\n".utf8)
            }
            while true {
                switch subscription.hub.next(for: subscription.number) {
                case .text(let text): return text
                case .end: return nil
                case .nothing: if await bells.next(isolation: #isolation) == nil { return nil }
                }
            }
        }
    }
}
