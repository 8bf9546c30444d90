public import Logging
public import Metrics
public import ServiceLifecycle
public import WAL

/// Delivers a log's records into a sink: durable ones only, in order for each key, each exactly once as far as the sink
/// moves its positions in the transaction of the rows.
///
/// Add it to a `ServiceGroup`, or call ``run()`` in a task. It is run once; a new one goes on where the sink's positions are.
///
/// Workers share the lanes out between them. Records of different lanes may be applied in any order; a record without a
/// key is a *barrier*: it is applied alone, after everything before it and before everything after it.
///
/// | The sink … | The flusher … |
/// | --- | --- |
/// | fails for now | tries again, with growing pauses, for ever; see ``Configuration/maxRetries`` |
/// | leaves an outcome unknown | claims again, and goes on from the position that the sink tells |
/// | can't take a record | finds it, keeps it in the ``DeadLetterLog``, and goes on behind it |
/// | was claimed by another | stops with `fenced` |
/// | has applied what the log doesn't hold | sees to it that those sequence numbers aren't used again, says so, and goes on; stops with `sinkAhead` where records were appended before it could ask, until they are settled: `WriteAheadLog.owedRecords` |
/// | lacks what the log doesn't hold any more | stops with `sinkBehind`, or skips: ``Configuration/gapPolicy`` |
/// | is too far behind | stops with `detached`, if ``Configuration/attachment`` says so |
/// | needs help | stops with `sinkFailed` |
///
/// Meanwhile the log takes appends, up to its disk budget.
public final class Flusher<Destination: Sink>: Service {
    let context: FlusherCore<Destination>

    /// Makes a flusher; ``run()`` starts it. From now on the log keeps what the sink lacks.
    ///
    /// - Parameters:
    ///   - log: The log whose records are delivered. It must not be closed before ``run()`` has returned.
    ///   - sink: Where they go. ``run()`` closes it at its end.
    ///   - configuration: See there.
    ///   - logger: For what people should know.
    ///   - metrics: The backend of the flusher's metrics, whose names are in `WALMetric`.
    ///   - clock: Paces waiting.
    ///   - key: Gives the hash of a record's key from its payload, nil for a barrier. It must give the same for the same
    ///     payload in every process and version: not Swift's own seeded hash. Called for every record, by every worker.
    public init(
        log: WriteAheadLog, sink: Destination, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil, clock: some Clock<Duration> = ContinuousClock(),
        key: @escaping @Sendable (RawSpan) -> UInt64?
    ) {
        let breaker = CircuitBreaker(failuresMax: configuration.maxRetries, interval: configuration.breakerInterval)
        context = FlusherCore(
            log: log, sink: sink, configuration: configuration, key: key,
            coordinator: FlusherCoordinator(breaker: breaker), clock: FlusherClock(clock),
            events: FlusherEvents(logger, sink: sink.name),
            metrics: metrics.map { FlusherMetrics(factory: $0, log: log.directory, sink: sink.name) },
            deadLetters: DeadLetterLog.of(log),
            lastAtStart: min(log.lastSequence, log.cursors[OwedRecords.mark(of: sink.name)] ?? log.lastSequence))
        // Now, not when it runs: what is appended in between must not be gone by then.
        context.holdRecords()
        context.markUnasked()
    }

    /// Delivers until the task is cancelled or a graceful shutdown begins; then drains within the deadline.
    ///
    /// Returns after a graceful shutdown, with or without something left. Throws `CancellationError`, or a `WALError`:
    /// `sinkAhead` and `sinkBehind` where log and sink don't belong together, `detached`, `fenced`, `sinkFailed`, `corrupted` at damage
    /// in the log (nothing behind it is delivered by the lanes that met it), `closed` if the log was closed,
    /// `invalidArgument` for the configuration or a second run. Whoever waits for records is told the same error.
    public func run() async throws {
        guard context.coordinator.withState({ $0.begin() }) else {
            throw WALError.flusherRunTwice(context.sink.name)
        }
        let error = await withGracefulShutdownHandler {
            await context.whileKnown { await context.supervise() }
        } onGracefulShutdown: { [coordinator = context.coordinator] in
            coordinator.update { $0.shutDown() }
        }
        context.markEnd(error)
        let isCancelled = error?.code == .cancelled
        let reason = isCancelled ? .flusherCancelled(context.sink.name) : error ?? .flusherStopped(context.sink.name)
        context.coordinator.update(.failure(reason)) { $0.end(reason) }
        if error?.code == .detached { context.releaseRecords() }
        if isCancelled { throw CancellationError() }
        if let error {
            context.events.stopped(error)
            throw error
        }
    }

    /// Returns when the sink was asked for its positions for the first time, and has answered, or couldn't be reached.
    ///
    /// Wait for it before the first append: a log that turns out to be a copy of one that has gone on then owes the sink nothing.
    /// Throws as ``drain()``.
    public func waitUntilAsked() async throws(WALError) {
        try await context.coordinator.wait(for: .asked)
    }

    /// Returns when everything appended before the call was applied, and every lane's position in the sink says so.
    ///
    /// Throws what ended or ends ``run()``, what a failed sync throws, or `cancelled`. Waits for ``run()`` if it hasn't begun.
    public func drain() async throws(WALError) {
        try await context.drain()
    }

    /// Returns when every record up to `sequence` was applied. Batches with records up to there don't wait to be filled.
    ///
    /// Throws as ``drain()``. A record that isn't appended yet is waited for.
    public func waitUntilApplied(_ sequence: SequenceNumber) async throws(WALError) {
        try await context.waitUntilApplied(sequence)
    }

    /// Every record up to here was applied. Zero until ``run()`` has asked the sink.
    public var appliedSequence: SequenceNumber {
        context.coordinator.applied
    }

    /// ``appliedSequence`` for those who ask with each change: without the way through a generic type.
    package var appliedSequenceReader: @Sendable () -> SequenceNumber {
        { [coordinator = context.coordinator] in coordinator.applied }
    }

    /// What was done so far, and what waits.
    public var statistics: FlusherStatistics {
        context.statistics
    }
}
