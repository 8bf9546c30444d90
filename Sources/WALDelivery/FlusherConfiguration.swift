public import WAL

extension Flusher {
    /// The settings of a flusher: batches, limits and policies.
    public struct Configuration: Sendable {
        /// The number of tasks that apply batches concurrently, at least 1. The sink's `maxConcurrency` and
        /// ``laneCount`` bound it.
        public var workerCount = 2
        /// The number of lanes that records are divided into by key, 1 to 256. It is fixed once a log and a sink have
        /// used it.
        public var laneCount = 16
        /// The number of records at which the flusher applies its first batches: at least 1. Later batches follow
        /// ``batchLatencyTarget`` and grow up to ``maxBatchSize``.
        public var batchSize = 500
        /// The largest number of records that the flusher lets a batch grow to. With ``batchSize`` or less, batches don't grow.
        public var maxBatchSize = 5000
        /// The wanted duration of a transaction. Batches grow while full ones are faster, and shrink when one is
        /// slower.
        public var batchLatencyTarget: ClosedRange<Duration> = .milliseconds(50) ... .milliseconds(100)
        /// The number of payload bytes at which the flusher applies a batch that has fewer records: at least 1. The last record
        /// may exceed it. While the sink applies a batch, each worker holds the next one as well.
        public var maxBatchBytes = 1 << 20
        /// The longest time that the oldest record of a batch waits until the flusher applies a batch that isn't full.
        public var flushInterval: Duration = .milliseconds(50)
        /// The number of consecutive failures, across all workers, that opens the circuit breaker. Must be at least
        /// 1.
        public var maxRetries = 3
        /// The number of connection losses that make a batch or a record suspect. Must be at least 1.
        ///
        /// A batch that breaks the sink's connection this many times in a row, with the sink answering in between, is
        /// halved to find the record at fault. That record, alone, must also break it this many times before it is
        /// set aside with the code `connectionLost`. Failures to reach the sink don't count.
        public var maxLosses = 5
        /// The interval at which one worker tries again while the breaker is open.
        public var breakerInterval: Duration = .seconds(5)
        /// The interval at which a worker without records asks the sink for its positions: `Sink.positions(of:log:)`.
        ///
        /// They show whether the sink has lost what it had confirmed. In a database, each call is a short query. Must
        /// be positive.
        public var checkInterval: Duration = .seconds(5)
        /// The longest time that a graceful shutdown continues to deliver. The next start delivers the rest.
        public var drainTimeout: Duration = .seconds(30)

        /// Whether the log keeps the records that this sink is missing.
        public var attachment = SinkAttachment.required
        /// The first record to deliver to a sink that is new to this log. Nil begins with the first record ever
        /// appended, which must still exist. A sink that knows the log resumes at its positions.
        public var startSequence: SequenceNumber?
        /// The reaction if retention has removed records that the sink is missing.
        public var gapPolicy = GapPolicy.stop

        /// Makes a configuration. Each argument has a default.
        public init(
            workerCount: Int = 2,
            laneCount: Int = 16,
            batchSize: Int = 500,
            maxBatchSize: Int = 5000,
            batchLatencyTarget: ClosedRange<Duration> = .milliseconds(50) ... .milliseconds(100),
            maxBatchBytes: Int = 1 << 20,
            flushInterval: Duration = .milliseconds(50),
            maxRetries: Int = 3,
            maxLosses: Int = 5,
            breakerInterval: Duration = .seconds(5),
            checkInterval: Duration = .seconds(5),
            drainTimeout: Duration = .seconds(30),
            attachment: SinkAttachment = SinkAttachment.required,
            startSequence: SequenceNumber? = nil,
            gapPolicy: GapPolicy = GapPolicy.stop
        ) {
            self.workerCount = workerCount
            self.laneCount = laneCount
            self.batchSize = batchSize
            self.maxBatchSize = maxBatchSize
            self.batchLatencyTarget = batchLatencyTarget
            self.maxBatchBytes = maxBatchBytes
            self.flushInterval = flushInterval
            self.maxRetries = maxRetries
            self.maxLosses = maxLosses
            self.breakerInterval = breakerInterval
            self.checkInterval = checkInterval
            self.drainTimeout = drainTimeout
            self.attachment = attachment
            self.startSequence = startSequence
            self.gapPolicy = gapPolicy
        }

        /// Checks that all values are within their ranges.
        ///
        /// - Throws: `invalidArgument` with the property, its range and its value.
        public func validate() throws(WALError) {
            let rules: [(Bool, String)] = [
                (workerCount >= 1, "workerCount must be at least 1, not \(workerCount)."),
                ((1...256).contains(laneCount), "laneCount must be 1 to 256, not \(laneCount)."),
                (batchSize >= 1, "batchSize must be at least 1, not \(batchSize)."),
                (maxBatchBytes >= 1, "maxBatchBytes must be at least 1, not \(maxBatchBytes)."),
                (flushInterval >= .zero, "flushInterval must not be negative, but is \(flushInterval)."),
                (maxRetries >= 1, "maxRetries must be at least 1, not \(maxRetries)."),
                (maxLosses >= 1, "maxLosses must be at least 1, not \(maxLosses)."),
                (breakerInterval > .zero, "breakerInterval must be positive, not \(breakerInterval)."),
                (checkInterval > .zero, "checkInterval must be positive, not \(checkInterval)."),
                (
                    batchLatencyTarget.lowerBound >= .zero,
                    "batchLatencyTarget must not be negative, but is \(batchLatencyTarget)."
                ),
                (startSequence != .zero, "startSequence must be at least 1."),
                (drainTimeout >= .zero, "drainTimeout must not be negative, but is \(drainTimeout)."),
            ]
            for (holds, message) in rules where !holds {
                throw WALError(.invalidArgument, message)
            }
        }
    }
}
