internal import WAL

/// Makes written records durable when nobody else does in time: a sink is never shown a record that a power loss could
/// take back, whatever the sync policy.
struct SyncPump<Destination: Sink> {
    /// Even with long flush intervals: batches that are full must not wait for durability.
    static var intervalMax: Duration { .milliseconds(50) }
    /// A waiting reader that is so many records behind would cost more to bring along than a new one, and pins segments.
    static var skipMax: UInt64 { 1 << 16 }

    let context: FlusherCore<Destination>
    private var tail: LogReader?
    private var backoff = Backoff(generator: SystemRandomNumberGenerator())

    init(context: FlusherCore<Destination>) {
        self.context = context
    }

    /// Works until something ends it, which is thrown.
    mutating func run() async throws(WALError) -> Never {
        while true {
            let last = context.log.lastSequence
            let durable = context.log.durableSequence
            if last > durable {
                try await syncInTime(last, behind: durable)
            } else {
                try await waitForAppend(behind: last)
            }
        }
    }

    private mutating func syncInTime(_ last: SequenceNumber, behind durable: SequenceNumber) async throws(WALError) {
        if let reader = tail, last.rawValue - min(reader.nextSequence, last).rawValue > Self.skipMax { tail = nil }
        let clock = context.clock
        let interval = min(context.configuration.flushInterval, Self.intervalMax)
        try await context.waitForFirst(of: [.time(clock.now() + interval), .condition(.urgent(durable.next))])
        // The log's own policy was quicker.
        if context.log.durableSequence >= last { return }
        do throws(WALError) {
            try await context.log.sync()
            backoff.reset()
        } catch {
            if Task.isCancelled || error.code == .closed { throw error }
            context.events.syncFailed(error)
            // Those who wait for records that may never be durable must not wait for ever.
            let durable = context.log.durableSequence
            context.coordinator.update(.failure(error)) { $0.failWaiters(beyond: durable) }
            try await clock.sleep(until: clock.now() + backoff.next())
        }
    }

    private mutating func waitForAppend(behind last: SequenceNumber) async throws(WALError) {
        let reader = tail ?? context.log.reader(from: last.next, visibility: .written)
        tail = reader
        while try reader.next({ _ in () }, gap: { _ in () }) != nil {}
        if context.log.lastSequence == last { try await reader.waitForMore() }
    }
}
