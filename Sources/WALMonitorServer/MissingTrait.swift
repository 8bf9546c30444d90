// The names of this module without its trait, so that the compiler says what is missing.
#if !Monitor
    @available(
        *, unavailable,
        message: """
            WALMonitorServer needs the trait Monitor. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["Monitor"])
            """
    )
    public enum MonitorServer {}
#endif
