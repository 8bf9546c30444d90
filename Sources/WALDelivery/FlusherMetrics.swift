internal import Metrics
internal import WAL

/// The flusher's metrics, each made once. All have the dimension `sink`.
struct FlusherMetrics: Sendable {
    private enum Name {
        static let recordsApplied = "wal.flusher.records_applied"
        static let batchesApplied = "wal.flusher.batches_applied"
        static let rowsWritten = "wal.flusher.rows_written"
        static let coalesced = "wal.flusher.records_coalesced"
        static let sequencesLost = "wal.flusher.sequences_lost"
        static let errors = "wal.flusher.errors"
        static let retries = "wal.flusher.retries"
        static let deadLetters = "wal.flusher.dead_letters"
        static let flushDuration = "wal.flusher.flush_duration"
        static let batchRecords = "wal.flusher.batch_records"
        static let lagRecords = "wal.flusher.lag_records"
        static let lagBytes = "wal.flusher.lag_bytes"
        static let lagSeconds = "wal.flusher.lag_seconds"
        static let breakerOpen = "wal.flusher.breaker_open"
    }

    private let recordsApplied, batchesApplied, rowsWritten, coalesced, sequencesLost, retries, deadLetters: Counter
    private let errors: [SinkFailure.Kind: Counter]
    private let flushDuration: Metrics.Timer
    private let batchRecords: Recorder
    private let lagRecords, lagBytes, lagSeconds, breakerOpen: Gauge

    init(factory: any MetricsFactory, sink: String) {
        let dimensions = [("sink", sink)]
        func counter(_ name: String) -> Counter {
            Counter(label: name, dimensions: dimensions, factory: factory)
        }
        recordsApplied = counter(Name.recordsApplied)
        batchesApplied = counter(Name.batchesApplied)
        rowsWritten = counter(Name.rowsWritten)
        coalesced = counter(Name.coalesced)
        sequencesLost = counter(Name.sequencesLost)
        errors = Dictionary(
            uniqueKeysWithValues: SinkFailure.Kind.allCases.map { kind in
                (
                    kind,
                    Counter(label: Name.errors, dimensions: dimensions + [("class", kind.rawValue)], factory: factory)
                )
            })
        retries = counter(Name.retries)
        deadLetters = counter(Name.deadLetters)
        flushDuration = Metrics.Timer(label: Name.flushDuration, dimensions: dimensions, factory: factory)
        batchRecords = Recorder(label: Name.batchRecords, dimensions: dimensions, factory: factory)
        lagRecords = Gauge(label: Name.lagRecords, dimensions: dimensions, factory: factory)
        lagBytes = Gauge(label: Name.lagBytes, dimensions: dimensions, factory: factory)
        lagSeconds = Gauge(label: Name.lagSeconds, dimensions: dimensions, factory: factory)
        breakerOpen = Gauge(label: Name.breakerOpen, dimensions: dimensions, factory: factory)
    }

    func applied(records: Int, receipt: SinkReceipt, duration: Duration) {
        recordsApplied.increment(by: records)
        batchesApplied.increment()
        rowsWritten.increment(by: receipt.rowCount)
        coalesced.increment(by: receipt.coalescedCount)
        deadLetters.increment(by: receipt.deadLetters.count)
        flushDuration.recordNanoseconds(Int64(duration / .nanoseconds(1)))
        batchRecords.record(records)
    }

    func report(_ lag: FlusherLag) {
        lagRecords.record(lag.records)
        lagBytes.record(lag.bytes)
        lagSeconds.record(lag.age / .seconds(1))
    }

    func failed(_ failure: SinkFailure) {
        errors[failure.kind]?.increment()
        if failure.isRetried { retries.increment() }
    }

    func lost(_ gap: LogGap) {
        sequencesLost.increment(by: gap.last.map { $0.rawValue - gap.first.rawValue + 1 } ?? 1)
    }

    func deadLetter() {
        deadLetters.increment()
    }

    func breaker(isOpen: Bool) {
        breakerOpen.record(isOpen ? 1 : 0)
    }
}
