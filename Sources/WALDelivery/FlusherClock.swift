internal import WAL

/// Any clock, as durations since the flusher was made. The state machines need no generic instants this way.
struct FlusherClock: Sendable {
    let now: @Sendable () -> Duration
    let sleepUntil: @Sendable (Duration) async throws -> Void

    init<Source: Clock>(_ clock: Source) where Source.Duration == Duration {
        let start = clock.now
        now = { start.duration(to: clock.now) }
        sleepUntil = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }

    func sleep(until time: Duration) async throws(WALError) {
        do {
            try await sleepUntil(time)
        } catch {
            throw .waitCancelled
        }
    }
}
