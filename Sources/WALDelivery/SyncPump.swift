internal import WAL

/// A loop that syncs written records if no other caller does so in time. Under every sync policy, a sink only
/// receives records that a power loss can't take back.
struct SyncPump<Destination: Sink> {
    /// The longest interval between syncs. Even with a long flush interval, full batches must not wait for
    /// durability.
    static var intervalMax: Duration { .milliseconds(50) }
    /// The number of records from which a waiting reader is replaced. Catching up would cost more than a new reader,
    /// and would pin segments.
    static var skipMax: UInt64 { 1 << 16 }

    let context: FlusherCore<Destination>
    private var tail: LogReader?
    private var backoff = Backoff(generator: SystemRandomNumberGenerator())

    init(context: FlusherCore<Destination>) {
        self.context = context
    }

    /// Works until an error ends it, and throws that error.
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
        // The log's own policy has synced already.
        if context.log.durableSequence >= last { return }
        do throws(WALError) {
            try await context.log.sync()
            backoff.reset()
        } catch {
            if Task.isCancelled || error.code == .closed { throw error }
            context.events.syncFailed(error)
            // Fail the waiters for records that may never become durable, so that they don't wait forever.
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
