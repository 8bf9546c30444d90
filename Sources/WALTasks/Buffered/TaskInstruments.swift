internal import Metrics
internal import WAL

/// The metrics objects of a buffered task storage, made once. The flusher has all metrics of the store.
struct TaskInstruments: Sendable {
    let bufferedMutations: Counter
    let overlayBytes: Gauge

    init(log: String, factory: any MetricsFactory) {
        let dimensions = [("log", WALMetric.logName(log))]
        bufferedMutations = Counter(
            label: WALMetric.bufferedMutations.rawValue, dimensions: dimensions, factory: factory)
        overlayBytes = Gauge(label: WALMetric.overlayBytes.rawValue, dimensions: dimensions, factory: factory)
    }
}
