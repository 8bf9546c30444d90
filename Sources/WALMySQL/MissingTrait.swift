// The public names of this module for builds without its trait. They make the compiler report the missing trait.
#if !MySQL
    public import WAL
    public import WALDelivery
    public import WALTasks

    @available(
        *, unavailable, message: "WALMySQL needs the trait MySQL: .package(url: …, traits: [\"MySQL\"])"
    )
    public struct MySQLTaskStore {
        public init(
            url: String, name: String = "", writeConnections: Int = 0, readConnections: Int = 0,
            statementTimeout: Duration = .zero, lockTimeout: Duration = .zero, logger: (any Sendable)? = nil
        ) async throws {}
    }

    @available(
        *, unavailable, message: "WALMySQL needs the trait MySQL: .package(url: …, traits: [\"MySQL\"])"
    )
    public final class MySQLSink: Sink {
        public let name = ""
        public let maxConcurrency = 0

        public init(
            url: String, name: String = "", tables: String = "", connections: Int = 0,
            statementTimeout: Duration = .zero, lockTimeout: Duration = .zero, logger: (any Sendable)? = nil,
            body: @escaping @Sendable (SinkTransaction, SinkBatch) throws -> Void
        ) async throws {}

        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] { [] }
        public func apply(_ batch: SinkBatch) async throws -> SinkReceipt { SinkReceipt(rowCount: 0) }
        public func classify(_ error: any Error) -> SinkFailure { .fatal }
        public func close() async {}
    }

    extension BufferedTaskStorage where Store == MemoryTaskStore {
        @available(
            *, unavailable, message: "WALMySQL needs the trait MySQL: .package(url: …, traits: [\"MySQL\"])"
        )
        public static func mysql(
            _ url: String, log directory: String, additionalSinks: [AdditionalSink] = [],
            configuration: Configuration = Configuration(), logger: (any Sendable)? = nil,
            metrics: (any Sendable)? = nil
        ) async throws {}
    }
#endif
