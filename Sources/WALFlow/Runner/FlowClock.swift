internal import WAL

/// The time that timers and records have.
struct FlowClock: Sendable {
    let now: @Sendable () -> Timestamp
    /// Suspends until a time at the latest. It may return early.
    let sleep: @Sendable (Timestamp) async throws -> Void

    /// The longest sleep, after which the wall clock is asked again: it may have been set, and the machine may have been off.
    private static let longest = Duration.seconds(60)

    /// The wall clock.
    static let system = FlowClock(
        now: { .now },
        sleep: { due in
            let rest = min(due - Timestamp.now, longest)
            if rest > .zero { try await Task.sleep(for: rest) }
        })

    /// A clock that can't be set. An attempt's timeout goes by it, since it doesn't outlive the process.
    static var steady: FlowClock { FlowClock(ContinuousClock(), from: .now) }

    /// A clock of a test, which begins at a fixed time.
    init<Source: Clock>(_ clock: Source, from start: Timestamp) where Source.Duration == Duration {
        let origin = clock.now
        now = { start + origin.duration(to: clock.now) }
        sleep = { due in try await clock.sleep(until: origin.advanced(by: due - start), tolerance: nil) }
    }

    init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Timestamp) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }
}
