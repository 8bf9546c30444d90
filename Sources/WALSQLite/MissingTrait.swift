// The names of this module without its trait, so that the compiler says what is missing.
#if !SQLite
    public import WALTasks

    @available(
        *, unavailable,
        message: """
            WALSQLite needs the trait SQLite. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["SQLite"])
            """
    )
    public struct SQLiteTaskStore {
        public init(
            path: String, name: String = "", busyTimeout: Duration = .zero, logger: (any Sendable)? = nil
        ) async throws {}
    }

    @available(
        *, unavailable,
        message: """
            WALSQLite needs the trait SQLite. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["SQLite"])
            """
    )
    public enum SQLiteSink {}

    extension BufferedTaskStorage where Store == MemoryTaskStore {
        @available(
            *, unavailable,
            message: """
                WALSQLite needs the trait SQLite. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["SQLite"])
                """
        )
        public static func sqlite(
            _ path: String, log directory: String, additionalSinks: [AdditionalSink] = [],
            configuration: Configuration = Configuration(), logger: (any Sendable)? = nil,
            metrics: (any Sendable)? = nil
        ) async throws {}
    }
#endif
