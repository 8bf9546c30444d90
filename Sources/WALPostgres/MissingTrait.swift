// The names of this module without its trait, so that the compiler says what is missing.
#if !Postgres
    public import WALTasks

    @available(
        *, unavailable,
        message: """
            WALPostgres needs the trait Postgres. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["Postgres"])
            """
    )
    public struct PostgresTaskStore {
        public init(
            _ conninfo: String, name: String = "", writeConnections: Int = 0, readConnections: Int = 0,
            statementTimeout: Duration = .zero, lockTimeout: Duration = .zero, logger: (any Sendable)? = nil
        ) async throws {}
    }

    @available(
        *, unavailable,
        message: """
            WALPostgres needs the trait Postgres. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["Postgres"])
            """
    )
    public enum PostgresSink {}

    extension BufferedTaskStorage where Store == MemoryTaskStore {
        @available(
            *, unavailable,
            message: """
                WALPostgres needs the trait Postgres. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["Postgres"])
                """
        )
        public static func postgres(
            _ conninfo: String, log directory: String, additionalSinks: [AdditionalSink] = [],
            configuration: Configuration = Configuration(), logger: (any Sendable)? = nil,
            metrics: (any Sendable)? = nil
        ) async throws {}
    }
#endif
