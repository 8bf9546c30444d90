#if NATS
    public import WAL
    public import WALDelivery

    /// A sink into a stream of NATS JetStream, which replicates it over several machines.
    ///
    /// A batch is one message, so its records and the new position are stored together. Each message states the number
    /// of the message before it, and the server stores it at no other place. So the stream has each batch once and in
    /// order, even after failures of servers and connections, and if another owner writes. Only this sink may write
    /// into its stream.
    ///
    /// Any task can use a sink. Its calls run one after another on the sink's own thread.
    public final class JetStreamSink: Sink {
        /// The name of the sink in the log's cursor, in metrics and in messages.
        public let name: String
        /// The number of batches that the sink applies concurrently: one, because a batch states the number of the
        /// message before it.
        public let maxConcurrency = 1
        private let writer: StreamWriter

        /// Makes a sink. Its first use connects.
        ///
        /// - Parameter configuration: The servers, and the required properties of the stream.
        /// - Throws: ``JetStreamError``:
        ///   - `invalidOption` if an option of the configuration can't be used
        ///   - `other` if no thread can be started
        public init(_ configuration: Configuration) throws(JetStreamError) {
            try configuration.validate()
            name = configuration.name
            writer = try StreamWriter(configuration)
        }

        /// Takes over lanes of a log, with a message in its stream.
        ///
        /// - Parameters:
        ///   - lanes: The indices of the lanes.
        ///   - laneCount: The number of lanes of the log and this sink.
        ///   - log: The identifier of the log.
        /// - Returns: The lanes, each with its raised epoch and its position.
        /// - Throws: ``JetStreamError``:
        ///   - `laneCountMismatch` if the log had another number of lanes before
        ///   - `noStream`, `foreignStream` or `unsafeStream` if the stream can't be used
        ///   - `closed` if the sink was closed
        ///   - any other code for an error of the connection or the servers
        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
            try await writer.claim(lanes, of: laneCount, log: log)
        }

        /// Returns the current lanes of a log, without claiming them. Leaves out those that were never claimed.
        ///
        /// - Parameters:
        ///   - lanes: The indices of the lanes.
        ///   - log: The identifier of the log.
        /// - Returns: The lanes in the last message of the log's stream. None without a stream.
        /// - Throws: ``JetStreamError``:
        ///   - `foreignStream` if the stream belongs to another log, was purged, or has lost its last message
        ///   - `closed` if the sink was closed
        ///   - any other code for an error of the connection or the servers
        public func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
            try await writer.positions(of: lanes, log: log)
        }

        /// Stores a batch, with the new position of its lanes.
        ///
        /// - Parameter batch: The records, and the lanes to move.
        /// - Returns: A receipt whose number of rows is the number of records.
        /// - Throws: ``JetStreamError``:
        ///   - `fenced` if a lane's epoch or position differs from the batch's
        ///   - `tooLarge` if the batch is larger than a message can be
        ///   - `closed` if the sink was closed
        ///   - any other code for an error of the connection or the servers
        public func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
            try await writer.apply(batch)
            return SinkReceipt(rowCount: batch.records.count)
        }

        /// Returns the meaning of an error of this sink for a batch.
        public func classify(_ error: any Error) -> SinkFailure {
            (error as? JetStreamError)?.failure ?? .fatal
        }

        /// Interrupts the running call, and closes the connection.
        public func close() async {
            // Closing may wait for a socket that takes no more bytes.
            await Blocking.run { [writer] in writer.interrupt() }
            await writer.close()
        }

        /// Returns the state of a log's stream.
        ///
        /// - Parameter log: The identifier of the log.
        /// - Returns: The state, with the lanes as the last message has them.
        /// - Throws: ``JetStreamError``:
        ///   - `noStream` if the stream doesn't exist
        ///   - `foreignStream` if the stream belongs to another log, or its last message to none
        ///   - any other code for an error of the connection or the servers
        public func health(of log: LogID) async throws(JetStreamError) -> JetStreamHealth {
            try await writer.health(of: log)
        }
    }

    /// The state of a stream and its replicas.
    public struct JetStreamHealth: Hashable, Sendable {
        /// A copy of the stream on another server.
        public struct Replica: Hashable, Sendable {
            /// The name of the server.
            public var server: String
            /// Whether the server has all messages of the stream.
            public var isCurrent: Bool
            /// The number of messages that the server lacks.
            public var lag: Int
        }

        /// The name of the stream.
        public var stream: String
        /// The name of the server that leads the stream. Nil without a leader, and on a single server.
        public var leader: String?
        /// The copies on other servers.
        public var replicas: [Replica]
        /// The number of messages in the stream.
        public var messageCount: Int
        /// The size of the stream in bytes.
        public var byteCount: Int
        /// The limit of the size in bytes. Nil for none.
        public var maxByteCount: Int?
        /// The lanes of the log with their positions, from the last message. Empty without messages.
        public var lanes: [SinkLane] = []
    }
#endif
