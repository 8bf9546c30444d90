// The public names of this module for builds without its trait. They make the compiler report the missing trait.
#if !SQLite
    public import WAL
    public import WALDelivery
    public import WALTasks

    @available(
        *, unavailable, message: "WALSQLite needs the trait SQLite: .package(url: …, traits: [\"SQLite\"])"
    )
    public struct SQLiteTaskStore {
        public init(
            path: String, name: String = "", busyTimeout: Duration = .zero, logger: (any Sendable)? = nil
        ) async throws {}
    }

    @available(
        *, unavailable, message: "WALSQLite needs the trait SQLite: .package(url: …, traits: [\"SQLite\"])"
    )
    public final class SQLiteSink: Sink {
        public let name = ""
        public let maxConcurrency = 0

        public init(
            path: String, name: String = "", setup: String = "", tables: String = "", busyTimeout: Duration = .zero,
            logger: (any Sendable)? = nil, body: @escaping @Sendable (SinkTransaction, SinkBatch) throws -> Void
        ) async throws {}

        public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] { [] }
        public func apply(_ batch: SinkBatch) async throws -> SinkReceipt { SinkReceipt(rowCount: 0) }
        public func classify(_ error: any Error) -> SinkFailure { .fatal }
        public func close() async {}
    }

    extension BufferedTaskStorage where Store == MemoryTaskStore {
        @available(
            *, unavailable, message: "WALSQLite needs the trait SQLite: .package(url: …, traits: [\"SQLite\"])"
        )
        public static func sqlite(
            _ path: String, log directory: String, additionalSinks: [AdditionalSink] = [],
            configuration: Configuration = Configuration(), logger: (any Sendable)? = nil,
            metrics: (any Sendable)? = nil
        ) async throws {}
    }
#endif
