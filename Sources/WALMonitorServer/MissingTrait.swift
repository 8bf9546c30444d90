// The names of this module without its trait, so that the compiler says what is missing.
#if !Monitor
    public import WALMonitor

    @available(
        *, unavailable,
        message: """
            WALMonitorServer needs the trait Monitor. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["Monitor"])
            """
    )
    public struct MonitorServer {
        public struct Configuration {
            public init() {}
        }

        public init(
            _ monitor: LogMonitor, configuration: Configuration = Configuration(), logger: any Sendable,
            onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
        ) {}
    }
#endif
