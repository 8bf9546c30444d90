// These declarations stand in for the module's names when its trait is off, so that the compiler names the missing
// trait.
#if !Monitor
    public import WALMonitor

    @available(
        *, unavailable, message: "WALMonitorServer needs the trait Monitor: .package(url: …, traits: [\"Monitor\"])"
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
