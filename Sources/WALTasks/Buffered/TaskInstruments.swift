internal import CoreMetrics
internal import Metrics
internal import WAL
internal import WALDelivery

/// The figures of a buffered task storage in a metrics backend; each made once.
struct TaskInstruments: Sendable {
    let entriesBuffered: Counter
    let entriesFlushed: Counter
    let flushOperations: Counter
    let flushErrors: Counter
    let recoveryOperations: Counter
    let recoveryErrors: Counter
    let rowsWritten: Counter
    let entriesCoalesced: Counter
    let deadLetters: Counter
    let flushTime: Timer
    let depth: Gauge
    let lagSeconds: Gauge

    init(store: String, factory: any MetricsFactory) {
        let dimensions = [("store", store)]
        func counter(_ name: String) -> Counter {
            Counter(label: "wal.tasks.\(name)", dimensions: dimensions, factory: factory)
        }
        entriesBuffered = counter("entries_buffered")
        entriesFlushed = counter("entries_flushed")
        flushOperations = counter("flush_operations")
        flushErrors = counter("flush_errors")
        recoveryOperations = counter("recovery_operations")
        recoveryErrors = counter("recovery_errors")
        rowsWritten = counter("rows_written")
        entriesCoalesced = counter("entries_coalesced")
        deadLetters = counter("dead_letters")
        flushTime = Timer(label: "wal.tasks.flush_time", dimensions: dimensions, factory: factory)
        depth = Gauge(label: "wal.tasks.depth", dimensions: dimensions, factory: factory)
        lagSeconds = Gauge(label: "wal.tasks.lag_seconds", dimensions: dimensions, factory: factory)
    }

    func flushed(_ recordCount: Int, _ receipt: SinkReceipt, in time: Duration) {
        entriesFlushed.increment(by: recordCount)
        flushOperations.increment()
        rowsWritten.increment(by: receipt.rowCount)
        entriesCoalesced.increment(by: receipt.coalescedCount)
        deadLetters.increment(by: receipt.deadLetters.count)
        flushTime.record(duration: time)
    }

    func failed() {
        flushErrors.increment()
    }

    func buffered(_ count: Int) {
        entriesBuffered.increment(by: count)
    }

    func recoveryBegan() {
        recoveryOperations.increment()
    }

    func recoveryFailed() {
        recoveryErrors.increment()
    }

    func report(_ metrics: TaskStorageMetrics) {
        depth.record(Double(metrics.depth))
        lagSeconds.record(metrics.lag / .seconds(1))
    }
}
