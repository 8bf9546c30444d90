public import Logging
public import Metrics
public import ServiceLifecycle
public import WAL

/// A service that delivers a log's durable records into a sink, in order for each key. Each record is applied exactly
/// once if the sink moves its positions in the transaction of the rows.
///
/// Add it to a `ServiceGroup`, or call ``run()`` in a task. A flusher runs once. A new flusher resumes at the sink's
/// positions.
///
/// The workers divide the lanes among themselves. Records of different lanes may be applied in any order. A record
/// without a key is a *barrier*: it is applied alone, after every earlier record and before every later one.
///
/// | The sink | The flusher |
/// | --- | --- |
/// | fails for now | tries again with growing pauses and without limit; see ``Configuration/maxRetries`` |
/// | leaves an outcome unknown | claims again, and resumes at the position that the sink returns |
/// | rejects a record | finds the record, keeps it in the ``DeadLetterLog``, and continues after it |
/// | was claimed by another flusher | stops with `fenced` |
/// | has applied records that the log doesn't hold | ensures that those sequence numbers are never reused, logs it, and continues; if records were appended before the flusher could ask the sink, it stops with `sinkAhead` until they are settled: `WriteAheadLog.owedRecords` |
/// | is missing records that the log doesn't hold any more | stops with `sinkBehind`, or skips them: ``Configuration/gapPolicy`` |
/// | is too far behind | stops with `detached`, if ``Configuration/attachment`` says so |
/// | has a permanent error | stops with `sinkFailed` |
///
/// The log accepts appends all the while, up to its disk budget.
public final class Flusher<Destination: Sink>: Service {
    let context: FlusherCore<Destination>

    /// Makes a flusher, which ``run()`` starts. From now on the log keeps the records that the sink is missing.
    ///
    /// - Parameters:
    ///   - log: The log to deliver. It must not be closed before ``run()`` has returned.
    ///   - sink: The destination of the records. ``run()`` closes it at its end.
    ///   - configuration: The batches, limits and policies of the flusher.
    ///   - logger: The logger of the flusher's messages; nil for none.
    ///   - metrics: The backend of the flusher's metrics, whose names are in `WALMetric`.
    ///   - clock: The clock of pauses and intervals.
    ///   - key: Returns the hash of a record's key from its payload, or nil for a barrier. It must return the same
    ///     hash for the same payload in every process and version, so use ``StableHash`` and not Swift's seeded hash.
    ///     Every worker calls it for every record.
    public init(
        log: WriteAheadLog, sink: Destination, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil, clock: some Clock<Duration> = ContinuousClock(),
        key: @escaping @Sendable (RawSpan) -> UInt64?
    ) {
        let breaker = CircuitBreaker(failuresMax: configuration.maxRetries, interval: configuration.breakerInterval)
        context = FlusherCore(
            log: log, sink: sink, configuration: configuration, key: key,
            coordinator: FlusherCoordinator(breaker: breaker), clock: FlusherClock(clock),
            events: FlusherEvents(logger, sink: sink.name, directory: log.directory),
            metrics: metrics.map { FlusherMetrics(factory: $0, log: log.directory, sink: sink.name) },
            deadLetters: DeadLetterLog.of(log),
            lastAtStart: min(log.lastSequence, log.cursors[OwedRecords.mark(of: sink.name)] ?? log.lastSequence))
        // Hold now rather than in `run()`, so that retention can't remove records that are appended in between.
        context.holdRecords()
        context.markUnasked()
    }

    /// Delivers until the task is canceled or a graceful shutdown begins; then drains within the deadline.
    ///
    /// After a graceful shutdown it returns, even if records are left; the next flusher delivers them. If it throws,
    /// every waiter of this flusher gets the same error.
    ///
    /// - Throws: `CancellationError` if the task is canceled, or a `WALError`:
    ///   - `sinkAhead`, `sinkBehind` if the log and the sink don't belong together
    ///   - `detached` if the sink's lag exceeds ``SinkAttachment/bestEffort(maxLagBytes:)``
    ///   - `fenced` if another flusher has claimed the lanes
    ///   - `sinkFailed` if the sink has a permanent error
    ///   - `corrupted` if the log is damaged; the lanes that met the damage deliver nothing after it
    ///   - `closed` if the log was closed
    ///   - `invalidArgument` if the configuration is invalid or the flusher was run before
    public func run() async throws {
        guard context.coordinator.withState({ $0.begin() }) else {
            throw WALError.flusherRunTwice(context.sink.name)
        }
        context.register()
        defer { context.unregister() }
        let error = await withGracefulShutdownHandler {
            await context.supervise()
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

    /// Suspends until the flusher has first asked the sink for its positions, and the sink has answered or couldn't
    /// be reached.
    ///
    /// Wait for this before the first append. Then a log that turns out to be an older copy owes the sink no records.
    ///
    /// - Throws: the codes of ``drain()``.
    public func waitUntilAsked() async throws(WALError) {
        try await context.coordinator.wait(for: .asked)
    }

    /// Suspends until every record appended before the call is applied and every lane's position in the sink includes
    /// it.
    ///
    /// If ``run()`` hasn't begun, it waits for that, too.
    ///
    /// - Throws:
    ///   - the error that ended or ends ``run()``
    ///   - the error of a failed sync of the log
    ///   - `cancelled` if the task is canceled
    public func drain() async throws(WALError) {
        try await context.drain()
    }

    /// Suspends until every record up to and including `sequence` is applied.
    ///
    /// Batches with such records are applied without waiting for more. If the record isn't appended yet, it waits for
    /// that, too.
    ///
    /// - Throws: the codes of ``drain()``.
    public func waitUntilApplied(_ sequence: SequenceNumber) async throws(WALError) {
        try await context.waitUntilApplied(sequence)
    }

    /// The last sequence number up to which every record is applied. Zero until ``run()`` has asked the sink.
    public var appliedSequence: SequenceNumber {
        context.coordinator.applied
    }

    /// A function that returns ``appliedSequence``, or nil until the sink has reported its positions. It needs no call
    /// through a generic type, for callers that ask with each change.
    package var appliedSequenceReader: @Sendable () -> SequenceNumber? {
        { [coordinator = context.coordinator] in coordinator.appliedIfKnown }
    }

    /// The counts since the flusher was made, and the current lag.
    public var statistics: FlusherStatistics {
        context.statistics
    }
}
