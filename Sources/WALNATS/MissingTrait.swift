// The public names of this module for builds without its trait. They make the compiler report the missing trait.
#if !NATS
    public import WAL
    public import WALDelivery

    @available(
        *, unavailable, message: "WALNATS needs the trait NATS: .package(url: …, traits: [\"NATS\"])"
    )
    public final class JetStreamSink: Sink {
        public let name = ""
        public let maxConcurrency = 0

        public struct Configuration {
            public init(servers: [String]) {}
            public init(url: String) throws {}
        }

        public init(_ configuration: Configuration) throws {}

        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] { [] }
        public func apply(_ batch: SinkBatch) async throws -> SinkReceipt { SinkReceipt(rowCount: 0) }
        public func classify(_ error: any Error) -> SinkFailure { .fatal }
        public func close() async {}
    }

    @available(
        *, unavailable, message: "WALNATS needs the trait NATS: .package(url: …, traits: [\"NATS\"])"
    )
    public final class StreamFollower {
        public struct Configuration {
            public init(stream: JetStreamSink.Configuration) {}
        }

        public init(
            replica: LogReplica, configuration: Configuration, logger: (any Sendable)? = nil,
            metrics: (any Sendable)? = nil
        ) throws {}
    }
#endif
