/// Makes written records durable when nobody else does in time: a sink is never shown a record that a power loss could
/// take back, whatever the sync policy.
struct SyncPump<Destination: Sink> {
    /// Even with long flush intervals: batches that are full must not wait for durability.
    static var intervalMax: Duration { .milliseconds(50) }

    let context: FlusherContext<Destination>

    /// Works until something ends it, which is thrown.
    func run() async throws(WALError) -> Never {
        let (log, clock, coordinator) = (context.log, context.clock, context.coordinator)
        let interval = min(context.configuration.flushInterval, Self.intervalMax)
        var backoff = Backoff(generator: SystemRandomNumberGenerator())
        while true {
            let durable = log.durableSequence
            // A reader from here each time, for one that stayed behind would have to read everything.
            try await log.reader(from: durable.next, visibility: .written).waitForMore()
            try await context.waitForFirst(of: [.time(clock.now() + interval), .condition(.urgent(durable.next))])
            // What was waiting here was synced by the log's own policy meanwhile.
            if log.durableSequence > durable { continue }
            do throws(WALError) {
                try await log.sync()
                backoff.reset()
            } catch {
                if Task.isCancelled || error.code == .closed { throw error }
                context.events.syncFailed(error)
                // Those who wait for records that may never be durable must not wait for ever.
                let durable = log.durableSequence
                coordinator.update(.failure(error)) { $0.failWaiters(beyond: durable) }
                try await clock.sleep(until: clock.now() + backoff.next())
            }
        }
    }
}
