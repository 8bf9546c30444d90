public import WAL

/// A named reader of a log that keeps its position, so that it resumes after the last record that it has processed.
///
/// A consumer is an asynchronous sequence of deliveries. Each record comes at least once: a record that wasn't acknowledged comes again
/// after a crash, and after the end of an iteration. After ``close()``, no record up to the ``position`` comes again. A gap whose end isn't
/// known may come again.
///
/// Gaps in which records are or may be missing are deliveries, too. Only one iteration may run at a time.
public final class Consumer<Entry: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Delivery
    public typealias Failure = WALError

    private let core: ConsumerCore
    private let convert: @Sendable (LogEntry) -> Entry

    private init(_ core: ConsumerCore, _ convert: @escaping @Sendable (LogEntry) -> Entry) {
        self.core = core
        self.convert = convert
    }

    /// Makes a consumer in the process of a log's writer. `convert` makes the entries from those of the log.
    package init(
        _ name: String, of log: WriteAheadLog, _ configuration: ConsumerConfiguration, visibility: ReadVisibility,
        _ convert: @escaping @Sendable (LogEntry) -> Entry
    ) throws(WALError) {
        try configuration.validate()
        let place = try CursorPlace(name, in: log, start: configuration.start, visibility: visibility)
        core = ConsumerCore(name, place, configuration)
        self.convert = convert
    }

    /// Makes a consumer in another process than that of a log's writer. Returns it once its position is durable.
    package static func make(
        _ name: String, of log: ReadOnlyLog, _ configuration: ConsumerConfiguration, lease: ConsumerLease,
        _ convert: @escaping @Sendable (LogEntry) -> Entry
    ) async throws(WALError) -> Consumer {
        try configuration.validate()
        try lease.validate()
        let place = try await FilePlace(name, in: log, start: configuration.start, lease: lease)
        return Consumer(ConsumerCore(name, place, configuration), convert)
    }

    /// The consumer's name.
    public var name: String { core.name }

    /// The last record up to which every delivery is acknowledged.
    public var position: SequenceNumber { core.position }

    /// Makes an iterator that begins after the position, and ends the iteration before it.
    public func makeAsyncIterator() -> Iterator {
        Iterator(reader: ConsumerReader(core), convert: convert)
    }

    /// Saves the position, gives up the name, and ends the iteration. Suspends until that is done. A second call waits
    /// for the first one. Close a consumer before its log.
    ///
    /// A record that is being processed comes again. To end after it, cancel the task of the loop, and close the consumer after the loop.
    ///
    /// - Throws: The codes of `WriteAheadLog.setCursor(_:to:)`, or `inputOutput` and `diskFull` in another process than
    ///   the writer's. After an error, the position of the last save counts.
    public func close() async throws(WALError) {
        try await core.close()
    }

    /// An iterator over a consumer's deliveries.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var reader: ConsumerReader
        fileprivate let convert: @Sendable (LogEntry) -> Entry

        /// Returns the next delivery, and suspends until there is one and the window has room. Returns nil once the log or the consumer
        /// is closed.
        ///
        /// - Throws: `WALError.Code.corrupted` at damage that the reader can't pass; `cancelled`; once, the error of a save that failed.
        ///   The next call continues.
        public mutating func next() async throws(WALError) -> Delivery? {
            Delivery(try await reader.next(), of: reader, convert)
        }
    }
}

extension Consumer {
    /// A record, or a gap in place of records, on its way to a consumer.
    public struct Delivery: Sendable {
        /// The record or the gap.
        public let entry: Entry
        /// The number of earlier deliveries: 0 the first time. For the first record after the position of the start, it includes the
        /// earlier starts that may have delivered the record and ended without saving its acknowledgement.
        public let redeliveries: Int

        private let record: LogRecord?
        private let core: ConsumerCore
        private let iteration: Int
        private let ticket: Int

        /// Makes the delivery of a reader's step. Nil for a step without one.
        fileprivate init?(
            _ step: ConsumerReader.Step, of reader: ConsumerReader, _ convert: (LogEntry) -> Entry
        ) {
            guard case .delivery(let logEntry, let ticket, let redeliveries) = step else { return nil }
            entry = convert(logEntry)
            self.redeliveries = redeliveries
            self.ticket = ticket
            record = if case .record(let record) = logEntry { record } else { nil }
            core = reader.core
            iteration = reader.iteration
        }

        /// Acknowledges the delivery, so that it doesn't come again. The position follows once all earlier deliveries are acknowledged.
        ///
        /// Never waits. It does nothing after the end of the iteration.
        public func acknowledge() {
            core.acknowledge(ticket, iteration)
        }

        /// Keeps the record as a dead letter with a reason, and acknowledges it. Suspends until the letter is durable.
        ///
        /// `DeadLetterReader` reads the letters, whose ``DeadLetterRecord/sink`` is `consumer/NAME`. Those of a consumer in
        /// another process than the writer's are in the folder `consumers/NAME.parked` of the log's directory.
        ///
        /// - Parameters:
        ///   - reason: The reason, for people.
        ///   - code: The reason, for programs.
        /// - Throws: The codes of ``DeadLetterLog/append(_:)``; `invalidArgument` for a gap, which has no record; `closed` after the end of
        ///   the iteration. Then the delivery isn't acknowledged.
        public func park(_ reason: String, code: String = "parked") async throws(WALError) {
            guard let record else {
                throw WALError(.invalidArgument, "A gap has no record that could be parked. Acknowledge it.")
            }
            try await core.deadLetters(iteration).append(
                DeadLetterRecord(
                    sequence: record.sequence, time: record.time, sink: CursorPlace.prefix + core.name, code: code,
                    reason: reason,
                    payload: record.payload))
            acknowledge()
        }
    }
}

extension Consumer {
    /// Returns the deliveries in batches, for work that costs less for several records at once.
    ///
    /// - Parameters:
    ///   - maxCount: The largest number of deliveries in a batch, up to 65,536. A batch ends earlier if the window is
    ///     full.
    ///   - maxWait: The time after its first delivery for which a batch waits for more.
    public func batches(of maxCount: Int, within maxWait: Duration) -> Batches {
        Batches(
            consumer: self, maxCount: Swift.min(Swift.max(1, maxCount), 65_536), maxWait: Swift.min(maxWait, .century))
    }

    /// An asynchronous sequence of batches. It is an iteration of the consumer.
    public struct Batches: AsyncSequence, Sendable {
        public typealias Element = Batch
        public typealias Failure = WALError

        fileprivate let consumer: Consumer
        fileprivate let maxCount: Int
        fileprivate let maxWait: Duration

        /// Makes an iterator that begins after the position, and ends the iteration before it.
        public func makeAsyncIterator() -> Iterator {
            Iterator(reader: ConsumerReader(consumer.core), batches: self)
        }

        /// An iterator over batches.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate var reader: ConsumerReader
            fileprivate let batches: Batches

            /// Returns the next batch, and suspends until it is full or its time is over. Returns nil once the log or
            /// the consumer is closed.
            ///
            /// - Throws: The errors of ``Consumer/Iterator/next()``. An error after the batch's first delivery ends the
            ///   batch, and the next call throws it.
            public mutating func next() async throws(WALError) -> Batch? {
                let convert = batches.consumer.convert
                guard let first = Delivery(try await reader.next(), of: reader, convert) else { return nil }
                let deadline = ContinuousClock.now + batches.maxWait
                var deliveries = [first]
                while deliveries.count < batches.maxCount,
                    let another = Delivery(await reader.another(until: deadline), of: reader, convert)
                {
                    deliveries.append(another)
                }
                return Batch(deliveries: deliveries)
            }
        }
    }

    /// Deliveries that came together.
    public struct Batch: Sendable {
        /// The deliveries, in order; at least one.
        public let deliveries: [Delivery]

        /// Acknowledges all deliveries.
        public func acknowledge() {
            for delivery in deliveries { delivery.acknowledge() }
        }
    }
}
