public import WAL

/// The settings of a consumer.
public struct ConsumerConfiguration: Hashable, Sendable {
    /// The way in which deliveries are acknowledged.
    public enum Acknowledgement: Hashable, Sendable {
        /// Asking for the next delivery acknowledges the one before.
        case automatic
        /// The caller acknowledges each delivery, in any order. The consumer waits while `window` deliveries, 1 to 65,536,
        /// aren't acknowledged, or come after one that isn't.
        case explicit(window: Int)
    }

    /// The place where a consumer without a position begins.
    public enum Start: Hashable, Sendable {
        /// The first record that is still in the log.
        case first
        /// The first record that is appended from now on; in another process than the writer's, the first one that the log's files don't
        /// prove durable yet.
        case end
        /// The record after this one, which the log must have; in another process than the writer's, as a durable one.
        /// Otherwise, starting throws `invalidArgument`.
        case after(SequenceNumber)
    }

    /// The way in which deliveries are acknowledged.
    public var acknowledgement: Acknowledgement
    /// The time between two saves of the position, at most 100 years. After a crash, records may come again that were acknowledged in this time.
    public var saveInterval: Duration
    /// The place where the consumer begins if it has no position yet.
    public var start: Start

    /// Makes a configuration. Each omitted argument has its default value.
    public init(
        acknowledgement: Acknowledgement = .automatic, saveInterval: Duration = .seconds(1), start: Start = .first
    ) {
        self.acknowledgement = acknowledgement
        self.saveInterval = saveInterval
        self.start = start
    }
}

/// The limits within which the log's writer keeps records for a consumer in another process.
public struct ConsumerLease: Hashable, Sendable {
    /// The time for which the writer keeps records for the consumer after the consumer has ended or died: 100 ms to 100 years.
    public var lifetime: Duration
    /// The largest number of log bytes that the writer keeps for the consumer.
    public var maxPinnedBytes: Int

    /// Makes a lease. Each omitted argument has its default value.
    public init(lifetime: Duration = .seconds(3600), maxPinnedBytes: Int = 1 << 30) {
        self.lifetime = lifetime
        self.maxPinnedBytes = maxPinnedBytes
    }
}

extension ConsumerConfiguration {
    /// The number of deliveries that may be open.
    var window: Int {
        switch acknowledgement {
        case .automatic: .max
        case .explicit(let window): window
        }
    }

    func validate() throws(WALError) {
        if case .explicit(let window) = acknowledgement, !(1...65_536).contains(window) {
            throw WALError(.invalidArgument, "A consumer's window is 1 to 65536 deliveries, not \(window).")
        }
        guard saveInterval > .zero, saveInterval <= .century else {
            throw WALError(
                .invalidArgument,
                "A consumer's saveInterval is longer than zero and at most 100 years, not \(saveInterval).")
        }
    }
}

extension ConsumerLease {
    func validate() throws(WALError) {
        guard lifetime >= .milliseconds(100), lifetime <= .century, maxPinnedBytes > 0 else {
            throw WALError(
                .invalidArgument,
                """
                A consumer's lease has a lifetime of 100 ms to 100 years and at least one byte, not \(lifetime) and \
                \(maxPinnedBytes).
                """)
        }
    }
}

extension Duration {
    /// 100 years: longer than any wait, and short enough for sums with the time.
    static var century: Duration { .seconds(36_525 * 86_400) }
}
