internal import WAL

/// The clock of timers and records.
struct FlowClock: Sendable {
    let now: @Sendable () -> Timestamp
    /// Suspends until a time. It may return earlier.
    let sleep: @Sendable (Timestamp) async throws -> Void

    /// The longest sleep. After it, the wall clock is read again, because the clock may have been set and the machine
    /// may have slept.
    private static let longest = Duration.seconds(60)

    /// The wall clock.
    static let system = FlowClock(
        now: { .now },
        sleep: { due in
            let rest = min(due - Timestamp.now, longest)
            if rest > .zero { try await Task.sleep(for: rest) }
        })

    /// A clock that can't be set. Timeouts of attempts use it, because an attempt doesn't outlive the process.
    static var steady: FlowClock { FlowClock(ContinuousClock(), from: .now) }
}

extension FlowClock {
    /// Makes a clock from a test's clock. It begins at a fixed time.
    init<Source: Clock>(_ clock: Source, from start: Timestamp) where Source.Duration == Duration {
        let origin = clock.now
        now = { start + origin.duration(to: clock.now) }
        sleep = { due in try await clock.sleep(until: origin.advanced(by: due - start), tolerance: nil) }
    }
}
