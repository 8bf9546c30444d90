#if NATS
    public import WAL
    public import WALDelivery

    /// A sink into a stream of NATS JetStream, which replicates it over several machines.
    ///
    /// A batch is one message, so its records and the new position are stored together. Each message states the number of the message
    /// before it, and the server refuses it elsewhere. So batches are in order, each once, whatever happens to servers, connections and
    /// other owners. Only this sink may write into its stream.
    ///
    /// A sink can be used from any task. Its calls run one after another on a thread of its own.
    public final class JetStreamSink: Sink {
        /// The name of the sink.
        public let name: String
        /// One: a batch states the number of the message before it.
        public let maxConcurrency = 1
        private let writer: StreamWriter

        /// Makes a sink, which connects at its first use.
        ///
        /// - Throws: ``JetStreamError`` with the code `invalidOption`, or `other` if no thread can be started.
        public init(_ configuration: Configuration) throws(JetStreamError) {
            try configuration.validate()
            name = configuration.name
            writer = try StreamWriter(configuration)
        }

        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
            try await writer.claim(lanes, of: laneCount, log: log)
        }

        public func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
            try await writer.apply(batch)
            return SinkReceipt(rowCount: batch.records.count)
        }

        public func classify(_ error: any Error) -> SinkFailure {
            (error as? JetStreamError)?.failure ?? .fatal
        }

        public func close() async {
            // Closing a connection may wait for a socket that takes nothing.
            await Blocking.run { [writer] in writer.interrupt() }
            await writer.close()
        }

        /// Returns the state of a log's stream.
        ///
        /// - Throws: ``JetStreamError``.
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
            /// Whether it has all messages.
            public var isCurrent: Bool
            /// The number of messages that it lacks.
            public var lag: Int
        }

        /// The name of the stream.
        public var stream: String
        /// The server that leads the stream. Nil without one, and on a single server.
        public var leader: String?
        /// The copies on other servers.
        public var replicas: [Replica]
        /// The number of messages.
        public var messageCount: Int
        /// The size of the stream in bytes.
        public var byteCount: Int
        /// The limit of the size. Nil for none.
        public var maxByteCount: Int?
        /// The lanes of the log with their positions, as the last message has them. Empty if there is no message.
        public var lanes: [SinkLane] = []
    }
#endif
