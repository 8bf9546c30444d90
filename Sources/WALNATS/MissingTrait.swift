// The names of this module without its trait, so that the compiler says what is missing.
#if !NATS
    @available(
        *, unavailable,
        message: """
            WALNATS needs the trait NATS. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["NATS"])
            """
    )
    public enum JetStreamSink {}

    @available(
        *, unavailable,
        message: """
            WALNATS needs the trait NATS. In Package.swift: .package(url: "…/swift-wal", from: "…", traits: ["NATS"])
            """
    )
    public enum StreamFollower {}
#endif
