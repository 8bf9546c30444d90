public import Logging
public import Metrics
public import ServiceLifecycle

/// Stub.
public final class Flusher<Destination: Sink>: Service {
    public struct Configuration: Sendable {
        /// Tasks that apply batches at the same time; bounded by the sink's `concurrencyMax`.
        public var workerCount = 2
        /// Lanes that records are divided into by key; fixed for a log and sink once used: 1 to 256.
        public var laneCount = 16
        /// A batch is applied when it has this many records …
        public var batchSize = 500
        /// … or this many bytes …
        public var batchBytesMax = 1 << 20
        /// … or when its oldest record has waited this long.
        public var flushInterval: Duration = .milliseconds(50)
        public init() {}
    }
    /// `key` gives the hash of the record's key, nil for a barrier
    public init(
        log: WriteAheadLog, sink: Destination, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil, key: @escaping @Sendable (RawSpan) -> UInt64?
    ) { fatalError() }
    /// Delivers until the task is cancelled or a graceful shutdown begins; then drains within the deadline.
    public func run() async throws { fatalError() }
    /// Returns when everything appended before the call was applied.
    public func drain() async throws(WALError) { fatalError() }
    public func waitUntilApplied(_ sequence: SequenceNumber) async throws(WALError) { fatalError() }
    /// Every record up to here was applied.
    public var appliedSequence: SequenceNumber { fatalError() }
}
