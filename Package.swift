// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]
let librarySettings = settings + [.strictMemorySafety()]

let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Delivery"]))
let unixSignals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle", condition: .when(traits: ["Delivery"]))

// For the trait Monitor.
let serverPackages: [Package.Dependency] = [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.81.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
]

let package = Package(
    name: "swift-wal",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "WAL", targets: ["WAL"]),
        .library(name: "WALLogging", targets: ["WALLogging"]),
        .library(name: "WALDelivery", targets: ["WALDelivery"]),
        .library(name: "WALJournal", targets: ["WALJournal"]),
        .library(name: "WALTasks", targets: ["WALTasks"]),
        .library(name: "WALFlow", targets: ["WALFlow"]),
        .library(name: "WALSQLite", targets: ["WALSQLite"]),
        .library(name: "WALMonitor", targets: ["WALMonitor"]),
        .library(name: "WALMonitorServer", targets: ["WALMonitorServer"]),
        .library(name: "WALTesting", targets: ["WALTesting"]),
        .library(name: "WALMySQL", targets: ["WALMySQL"]),
        .library(name: "WALPostgres", targets: ["WALPostgres"]),
        .library(name: "WALNATS", targets: ["WALNATS"]),
        .executable(name: "wal", targets: ["WALTool"]),
    ],
    traits: [
        .trait(
            name: "Delivery",
            description: "All but the log alone. Without it, SwiftPM fetches no more than swift-log and swift-metrics."),
        .trait(
            name: "SQLite", description: "The store in SQLite (needs libsqlite3-dev).", enabledTraits: ["Delivery"]),
        .trait(
            name: "MySQL", description: "The store in MariaDB or MySQL (needs libmariadb-dev).",
            enabledTraits: ["Delivery"]),
        .trait(
            name: "Postgres", description: "The store in PostgreSQL (needs libpq-dev).", enabledTraits: ["Delivery"]),
        .trait(
            name: "NATS", description: "The sink into NATS JetStream (needs libnats-dev).",
            enabledTraits: ["Delivery"]),
        .trait(
            name: "Tracing", description: "Spans of flows and their steps, by swift-distributed-tracing.",
            enabledTraits: ["Delivery"]),
        .trait(
            name: "Monitor", description: "An HTTP server for the live page: wal serve, and WALMonitorServer.",
            enabledTraits: ["Delivery"]),
        .default(enabledTraits: ["Delivery"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.1.4"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    ] + serverPackages,
    targets: [
        .target(name: "CWALShims"),
        .systemLibrary(
            name: "CWALLZ4", pkgConfig: "liblz4",
            providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
        .target(
            name: "WAL",
            dependencies: [
                "CWALShims", "CWALLZ4",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: librarySettings),
        .target(
            name: "WALLogging",
            dependencies: ["WAL", .product(name: "Logging", package: "swift-log")],
            swiftSettings: librarySettings),
        .target(
            name: "WALDelivery",
            dependencies: [
                "CWALShims", "WAL",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                serviceLifecycle,
                .product(name: "Histogram", package: "hdrhistogram-swift", condition: .when(traits: ["Delivery"])),
            ],
            swiftSettings: librarySettings),
        .target(name: "WALJournal", dependencies: ["WAL", "WALDelivery"], swiftSettings: librarySettings),
        .target(
            name: "WALTasks",
            dependencies: [
                "CWALShims", "WAL", "WALDelivery",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                serviceLifecycle,
            ],
            swiftSettings: librarySettings),
        .target(
            name: "WALFlow",
            dependencies: [
                "WAL", "WALDelivery", "WALTasks",
                .product(name: "Logging", package: "swift-log"),
                serviceLifecycle,
                .product(name: "Tracing", package: "swift-distributed-tracing", condition: .when(traits: ["Tracing"])),
            ],
            swiftSettings: librarySettings),
        .systemLibrary(
            name: "CWALSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
        .target(
            name: "WALSQLite",
            dependencies: [
                "WAL", "WALDelivery", "WALTasks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .target(name: "CWALSQLite", condition: .when(traits: ["SQLite"])),
            ],
            swiftSettings: librarySettings),
        .target(
            name: "WALMonitor", dependencies: ["WAL", "WALDelivery", "WALTasks", "WALFlow", "WALLogging"],
            resources: [.embedInCode("Page/page.html")], swiftSettings: librarySettings),
        .target(
            name: "WALMonitorServer",
            dependencies: [
                "WALMonitor", "WAL",
                .product(name: "Logging", package: "swift-log"),
                serviceLifecycle,
                .product(name: "HummingbirdCore", package: "hummingbird", condition: .when(traits: ["Monitor"])),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Monitor"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Monitor"])),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Monitor"])),
            ],
            swiftSettings: librarySettings),
        .target(name: "WALTesting", dependencies: ["WAL", "WALDelivery", "WALTasks"], swiftSettings: librarySettings),
        .systemLibrary(
            name: "CWALMySQL", pkgConfig: "libmariadb",
            providers: [.apt(["libmariadb-dev"]), .brew(["mariadb-connector-c"])]),
        .target(
            name: "WALMySQL",
            dependencies: [
                "WAL", "WALDelivery", "WALTasks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .target(name: "CWALMySQL", condition: .when(traits: ["MySQL"])),
            ],
            swiftSettings: librarySettings),
        .systemLibrary(
            name: "CWALPostgres", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "WALPostgres",
            dependencies: [
                "WAL", "WALDelivery", "WALTasks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .target(name: "CWALPostgres", condition: .when(traits: ["Postgres"])),
            ],
            swiftSettings: librarySettings),
        .systemLibrary(
            name: "CWALNATS", pkgConfig: "libnats",
            providers: [.apt(["libnats-dev"]), .brew(["cnats"])]),
        .target(
            name: "WALNATS",
            dependencies: [
                "CWALShims", "WAL", "WALDelivery",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                serviceLifecycle,
                .target(name: "CWALNATS", condition: .when(traits: ["NATS"])),
            ],
            swiftSettings: librarySettings),
        .target(
            name: "CWALSimdJSON",
            linkerSettings: [.linkedLibrary("simdjson")]),
        .executableTarget(
            name: "WALTool",
            dependencies: [
                "WAL", "WALDelivery", "WALJournal", "WALLogging", "WALMonitor", "WALTasks", "WALFlow", "CWALShims",
                "CWALSimdJSON", "CWALLZ4",
                .target(name: "CWALSQLite", condition: .when(traits: ["SQLite"])),
                .target(name: "CWALMySQL", condition: .when(traits: ["MySQL"])),
                .target(name: "CWALPostgres", condition: .when(traits: ["Postgres"])),
                .target(name: "CWALNATS", condition: .when(traits: ["NATS"])),
                .target(name: "WALSQLite", condition: .when(traits: ["SQLite"])),
                .target(name: "WALMySQL", condition: .when(traits: ["MySQL"])),
                .target(name: "WALPostgres", condition: .when(traits: ["Postgres"])),
                .target(name: "WALNATS", condition: .when(traits: ["NATS"])),
                .target(name: "WALMonitorServer", condition: .when(traits: ["Monitor"])),
                serviceLifecycle,
                unixSignals,
                .product(
                    name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Delivery"])),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        // Runs in the virtual machine of Scripts/power-cuts.
        .executableTarget(
            name: "PowerCutGuest",
            dependencies: ["WAL", "WALDelivery", "WALTasks", "WALSQLite"], path: "Tests/PowerCuts/Guest",
            swiftSettings: settings),
        // What several test targets use. No product has it.
        .target(
            name: "TestSupport",
            dependencies: [
                "WAL", "WALDelivery", "WALTasks", "WALTesting",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(
            name: "WALTests",
            dependencies: [
                "TestSupport", "WAL", "WALDelivery", "WALTasks", "WALTesting", "CWALShims",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "WALLoggingTests",
            dependencies: [
                "TestSupport", "WALLogging", "WAL",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "WALJournalTests", dependencies: ["TestSupport", "WALJournal", "WAL", "WALDelivery"],
            swiftSettings: settings),
        .testTarget(
            name: "WALTasksTests",
            dependencies: [
                "TestSupport", "WALTasks", "WAL", "WALDelivery", "WALTesting",
                .product(name: "Logging", package: "swift-log"),
                serviceLifecycle,
                unixSignals,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WALFlowTests",
            dependencies: [
                "TestSupport", "WALFlow", "WALTasks", "WALTesting", "WALSQLite", "WAL", "WALDelivery",
                .product(name: "Logging", package: "swift-log"),
                .product(
                    name: "InMemoryTracing", package: "swift-distributed-tracing",
                    condition: .when(traits: ["Tracing"])),
                .product(name: "Tracing", package: "swift-distributed-tracing", condition: .when(traits: ["Tracing"])),
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "WALSQLiteTests",
            dependencies: [
                "TestSupport", "WALSQLite", "WAL", "WALDelivery", "WALTesting",
                .target(name: "CWALSQLite", condition: .when(traits: ["SQLite"])),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WALMonitorTests",
            dependencies: ["TestSupport", "WALMonitor", "WAL", "WALDelivery", "WALTasks", "WALFlow"],
            swiftSettings: settings),
        .testTarget(
            name: "WALTestingTests",
            dependencies: ["TestSupport", "WALTesting", "WALTasks", "WALSQLite", "WAL", "WALDelivery"],
            swiftSettings: settings),
        .testTarget(
            name: "WALMySQLTests",
            dependencies: [
                "TestSupport", "WALMySQL", "WAL", "WALDelivery", "WALTasks", "WALTesting",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WALPostgresTests",
            dependencies: [
                "TestSupport", "WALPostgres", "WALTasks", "WAL", "WALDelivery", "WALTesting",
                .product(name: "Logging", package: "swift-log"),
                .target(name: "CWALPostgres", condition: .when(traits: ["Postgres"])),
                serviceLifecycle,
                unixSignals,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WALNATSTests",
            dependencies: [
                "TestSupport", "WALNATS", "WAL", "WALDelivery", "WALTesting",
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .target(name: "CWALNATS", condition: .when(traits: ["NATS"])),
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "WALFuzzTests", dependencies: ["WAL", "WALDelivery", "WALLogging", "WALTasks", "WALFlow", "WALTool"],
            swiftSettings: settings),
        .testTarget(
            name: "WALToolTests",
            dependencies: [
                "TestSupport", "WALTool", "WAL", "WALDelivery", "WALJournal", "WALLogging", "WALMonitor", "WALTasks",
                "WALFlow", "WALSQLite",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// Scripts/test --threads builds only the suites that it runs with ThreadSanitizer, and their helpers. The quick tier leaves out
// flows and the log handler.
if let tier = Context.environment["WAL_THREADS"] {
    var names = [
        "CWALShims", "CWALLZ4", "WAL", "WALDelivery", "WALTasks", "WALTesting", "TestSupport", "WALTests",
        "WALTasksTests",
    ]
    if tier != "quick" { names += ["WALFlow", "WALLogging", "WALFlowTests", "WALLoggingTests"] }
    package.products = []
    package.dependencies.removeLast(serverPackages.count)
    package.targets.removeAll { !names.contains($0.name) }
    package.targets.first { $0.name == "WALTests" }?.sources = [
        "Append/AppendTests.swift", "Append/BudgetTests.swift", "Append/SegmentTargetTests.swift",
        "Commit/ConcurrencyTests.swift", "Commit/CooperativePoolTests.swift", "Commit/WaitersTests.swift",
        "Delivery/FlusherDeliveryTests.swift", "Delivery/FlusherHarness.swift", "Delivery/RecordingSink.swift",
        "Edges/OneWriterTests.swift", "Linearizability", "Reading/WaitingReaderTests.swift",
        "Segments/CompressionBesideReadersTests.swift", "Support", "System/BlockingExecutorTests.swift",
        "System/LogThreadsTests.swift", "System/ManyLogsTests.swift", "System/SharedThreadsTests.swift",
    ]
    package.targets.first { $0.name == "WALTasksTests" }?.sources = ["BufferedTaskStorageTests.swift", "Cases.swift"]
    package.targets.first { $0.name == "WALLoggingTests" }?.sources = [
        "DroppingTests.swift", "HandlerTests.swift", "Support.swift",
    ]
    let flows = package.targets.first { $0.name == "WALFlowTests" }
    flows?.sources = ["Support.swift"] + ["Race", "Recovery", "Runner", "Time"].map { "Runner/\($0)Tests.swift" }
    flows?.dependencies.removeAll { if case .byNameItem(name: "WALSQLite", _) = $0 { true } else { false } }
}

// Scripts/test builds the programs of Examples as targets of this package, which costs no second build of the libraries.
if Context.environment["WAL_EXAMPLES"] != nil {
    package.targets += [
        .executableTarget(name: "ExampleEmbedLog", dependencies: ["WAL"], path: "Examples/Sources/embed-log"),
        .executableTarget(
            name: "ExampleBufferSQLite", dependencies: ["WAL", "WALTasks", "WALSQLite"],
            path: "Examples/Sources/buffer-sqlite"),
        .executableTarget(
            name: "ExampleAuditLog", dependencies: ["WAL", "WALDelivery", "WALJournal"],
            path: "Examples/Sources/audit-log"),
        .executableTarget(
            name: "ExampleOwnTable", dependencies: ["WAL", "WALDelivery", "WALJournal", "WALSQLite", "WALTasks"],
            path: "Examples/Sources/own-table"),
        .executableTarget(
            name: "ExampleOrderService",
            dependencies: [
                "WAL", "WALDelivery", "WALJournal", "WALMonitor", "WALPostgres", "WALSQLite", "WALTasks",
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], path: "Examples/Sources/order-service"),
        .executableTarget(
            name: "ExampleOwnSink", dependencies: ["WAL", "WALDelivery"], path: "Examples/Sources/own-sink"),
        .executableTarget(
            name: "ExampleFirstFlow", dependencies: ["WALFlow", "WALTasks", "WALSQLite"],
            path: "Examples/Sources/first-flow"),
        .executableTarget(
            name: "ExampleOrderFlow", dependencies: ["WALFlow", "WALTasks", "WALSQLite"],
            path: "Examples/Sources/order-flow"),
        .executableTarget(
            name: "ExampleApprovalFlow", dependencies: ["WALFlow", "WALTasks", "WALSQLite"],
            path: "Examples/Sources/approval-flow"),
        .executableTarget(
            name: "ExampleSeedDAG", dependencies: ["WALFlow", "WALTasks", "WALSQLite"],
            path: "Examples/Sources/seed-dag"),
        .executableTarget(
            name: "ExampleLogHandler",
            dependencies: ["WALLogging", .product(name: "Logging", package: "swift-log")],
            path: "Examples/Sources/log-handler"),
    ]
}
