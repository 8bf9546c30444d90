public import WAL

extension Flusher {
    /// How a flusher cuts batches, and how patient it is.
    public struct Configuration: Sendable {
        /// Tasks that apply batches at the same time; bounded by the sink's `maxConcurrency` and by ``laneCount``: at least 1.
        public var workerCount = 2
        /// Lanes that records are divided into by key; fixed for a log and sink once used: 1 to 256.
        public var laneCount = 16
        /// The number of records at which the flusher applies its first batches: at least 1. Later batches follow
        /// ``batchLatencyTarget`` and grow up to ``maxBatchSize``.
        public var batchSize = 500
        /// The largest number of records that the flusher lets a batch grow to. With ``batchSize`` or less, batches don't grow.
        public var maxBatchSize = 5000
        /// How long a transaction should take: while full batches are applied faster they grow, slower ones make them smaller.
        public var batchLatencyTarget: ClosedRange<Duration> = .milliseconds(50) ... .milliseconds(100)
        /// The number of payload bytes at which the flusher applies a batch that has fewer records: at least 1. The last record
        /// may exceed it.
        public var maxBatchBytes = 1 << 20
        /// The longest time that the oldest record of a batch waits until the flusher applies a batch that isn't full.
        public var flushInterval: Duration = .milliseconds(50)
        /// So many failures in a row, over all workers, open the circuit breaker: at least 1.
        public var maxRetries = 3
        /// The same batch must break the sink's connection this often in a row, with the sink answering in between, before it is
        /// halved to find the record at fault; and that record, alone, this often before it is set aside with the code
        /// `connectionLost`: at least 1. A sink that can't be reached counts nothing.
        public var maxLosses = 5
        /// While the breaker is open, one worker tries again each time this has passed.
        public var breakerInterval: Duration = .seconds(5)
        /// How long a graceful shutdown goes on delivering before it leaves the rest to the next start.
        public var drainTimeout: Duration = .seconds(30)

        /// Whether the log keeps what this sink lacks.
        public var attachment = SinkAttachment.required
        /// The first record for a sink that this log is new to; nil for the first that was ever appended, which must still be
        /// there. A sink that knows the log goes on where it is.
        public var startSequence: SequenceNumber?
        /// What to do where the sink lacks records that retention has removed.
        public var gapPolicy = GapPolicy.stop

        /// Makes a configuration; each argument that is left out has its default.
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
            self.drainTimeout = drainTimeout
            self.attachment = attachment
            self.startSequence = startSequence
            self.gapPolicy = gapPolicy
        }

        /// Checks that all values are in their ranges.
        ///
        /// - Throws: `invalidArgument`, with the property, its range and its value.
        public func validate() throws(WALError) {
            let rules: [(Bool, String)] = [
                (workerCount >= 1, "workerCount must be at least 1, not \(workerCount)"),
                ((1...256).contains(laneCount), "laneCount must be 1 to 256, not \(laneCount)"),
                (batchSize >= 1, "batchSize must be at least 1, not \(batchSize)"),
                (maxBatchBytes >= 1, "maxBatchBytes must be at least 1, not \(maxBatchBytes)"),
                (flushInterval >= .zero, "flushInterval must not be negative, but is \(flushInterval)"),
                (maxRetries >= 1, "maxRetries must be at least 1, not \(maxRetries)"),
                (maxLosses >= 1, "maxLosses must be at least 1, not \(maxLosses)"),
                (breakerInterval > .zero, "breakerInterval must be positive, not \(breakerInterval)"),
                (
                    batchLatencyTarget.lowerBound >= .zero,
                    "batchLatencyTarget must not be negative, but is \(batchLatencyTarget)"
                ),
                (startSequence != .zero, "startSequence must be at least 1"),
                (drainTimeout >= .zero, "drainTimeout must not be negative, but is \(drainTimeout)"),
            ]
            for (holds, message) in rules where !holds {
                throw WALError(.invalidArgument, message)
            }
        }
    }
}
