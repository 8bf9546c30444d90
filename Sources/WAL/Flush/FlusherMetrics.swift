internal import Metrics

/// The flusher's metrics, each made once. All have the dimension `sink`.
struct FlusherMetrics: Sendable {
    private enum Name {
        static let recordsApplied = "wal.flusher.records_applied"
        static let batchesApplied = "wal.flusher.batches_applied"
        static let rowsWritten = "wal.flusher.rows_written"
        static let coalesced = "wal.flusher.records_coalesced"
        static let errors = "wal.flusher.errors"
        static let retries = "wal.flusher.retries"
        static let deadLetters = "wal.flusher.dead_letters"
        static let flushDuration = "wal.flusher.flush_duration"
        static let batchRecords = "wal.flusher.batch_records"
        static let lag = "wal.flusher.lag_records"
        static let breakerOpen = "wal.flusher.breaker_open"
    }

    private let recordsApplied, batchesApplied, rowsWritten, coalesced, errors, retries, deadLetters: Counter
    private let flushDuration: Metrics.Timer
    private let batchRecords: Recorder
    private let lag, breakerOpen: Gauge

    init(factory: any MetricsFactory, sink: String) {
        let dimensions = [("sink", sink)]
        func counter(_ name: String) -> Counter {
            Counter(label: name, dimensions: dimensions, factory: factory)
        }
        recordsApplied = counter(Name.recordsApplied)
        batchesApplied = counter(Name.batchesApplied)
        rowsWritten = counter(Name.rowsWritten)
        coalesced = counter(Name.coalesced)
        errors = counter(Name.errors)
        retries = counter(Name.retries)
        deadLetters = counter(Name.deadLetters)
        flushDuration = Metrics.Timer(label: Name.flushDuration, dimensions: dimensions, factory: factory)
        batchRecords = Recorder(label: Name.batchRecords, dimensions: dimensions, factory: factory)
        lag = Gauge(label: Name.lag, dimensions: dimensions, factory: factory)
        breakerOpen = Gauge(label: Name.breakerOpen, dimensions: dimensions, factory: factory)
    }

    func applied(records: Int, receipt: SinkReceipt, duration: Duration, lag behind: UInt64) {
        recordsApplied.increment(by: records)
        batchesApplied.increment()
        rowsWritten.increment(by: receipt.rowCount)
        coalesced.increment(by: receipt.coalescedCount)
        deadLetters.increment(by: receipt.deadLetters.count)
        flushDuration.recordNanoseconds(Int64(duration / .nanoseconds(1)))
        batchRecords.record(records)
        lag.record(behind)
    }

    func failed(isRetried: Bool) {
        errors.increment()
        if isRetried { retries.increment() }
    }

    func deadLetter() {
        deadLetters.increment()
    }

    func breaker(isOpen: Bool) {
        breakerOpen.record(isOpen ? 1 : 0)
    }
}
