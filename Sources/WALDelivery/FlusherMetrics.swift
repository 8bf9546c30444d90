internal import Metrics
internal import WAL

/// The metrics objects of a flusher, made once. All have the dimensions `log` and `sink`.
struct FlusherMetrics: Sendable {
    private let appliedRecords, appliedBatches, writtenRows, coalescedRecords, lostRecords, retries: Counter
    let lostClaims, deadLetters: Counter
    private let failures: [SinkFailure.Kind: Counter]
    private let batchDuration: Metrics.Timer
    private let batchRecords: Recorder
    private let lagRecords, lagBytes, lagAge, lastSuccess: Gauge
    private let states: [SinkStatus.State: Gauge]

    init(factory: any MetricsFactory, log: String, sink: String) {
        let dimensions = [("log", WALMetric.logName(log)), ("sink", sink)]
        func counter(_ metric: WALMetric, _ more: (String, String)...) -> Counter {
            Counter(label: metric.rawValue, dimensions: dimensions + more, factory: factory)
        }
        func gauge(_ metric: WALMetric, _ more: (String, String)...) -> Gauge {
            Gauge(label: metric.rawValue, dimensions: dimensions + more, factory: factory)
        }
        appliedRecords = counter(.sinkAppliedRecords)
        appliedBatches = counter(.sinkAppliedBatches)
        writtenRows = counter(.sinkWrittenRows)
        coalescedRecords = counter(.sinkCoalescedRecords)
        lostRecords = counter(.sinkLostRecords)
        lostClaims = counter(.sinkLostClaims)
        failures = Dictionary(
            uniqueKeysWithValues: SinkFailure.Kind.allCases.map { ($0, counter(.sinkFailures, ("kind", $0.rawValue))) })
        retries = counter(.sinkRetries)
        deadLetters = counter(.sinkDeadLetters)
        batchDuration = Metrics.Timer(
            label: WALMetric.sinkBatchDuration.rawValue, dimensions: dimensions, factory: factory)
        batchRecords = Recorder(label: WALMetric.sinkBatchRecords.rawValue, dimensions: dimensions, factory: factory)
        lagRecords = gauge(.sinkLagRecords)
        lagBytes = gauge(.sinkLagBytes)
        lagAge = gauge(.sinkLagAge)
        lastSuccess = gauge(.sinkLastSuccess)
        states = Dictionary(
            uniqueKeysWithValues: SinkStatus.State.allCases.map { ($0, gauge(.sinkState, ("state", $0.rawValue))) })
    }

    func applied(records: Int, receipt: SinkReceipt, duration: Duration) {
        appliedRecords.increment(by: records)
        appliedBatches.increment()
        writtenRows.increment(by: receipt.rowCount)
        coalescedRecords.increment(by: receipt.coalescedCount)
        deadLetters.increment(by: receipt.deadLetters.count)
        batchDuration.recordNanoseconds(Int64(duration / .nanoseconds(1)))
        batchRecords.record(records)
        lastSuccess.record(Double(Timestamp.now.rawValue) / 1_000_000)
    }

    func report(_ lag: LogLag) {
        lagRecords.record(lag.records)
        lagBytes.record(lag.bytes)
        lagAge.record(lag.age / .seconds(1))
    }

    func failed(_ failure: SinkFailure) {
        failures[failure.kind]?.increment()
        if failure.isRetried { retries.increment() }
    }

    func lost(_ gap: LogGap) {
        lostRecords.increment(by: gap.last.map { $0.rawValue - gap.first.rawValue + 1 } ?? 1)
    }

    func report(_ state: SinkStatus.State) {
        for (each, gauge) in states { gauge.record(each == state ? 1 : 0) }
    }
}
