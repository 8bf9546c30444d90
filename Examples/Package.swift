// swift-tools-version: 6.3
import PackageDescription

let flow: [Target.Dependency] = [
    .product(name: "WALFlow", package: "swift-wal"),
    .product(name: "WALTasks", package: "swift-wal"),
    .product(name: "WALSQLite", package: "swift-wal"),
]

let package = Package(
    name: "examples",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "swift-wal", path: "..", traits: ["SQLite", "Postgres"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    ],
    targets: [
        .executableTarget(name: "embed-log", dependencies: [.product(name: "WAL", package: "swift-wal")]),
        .executableTarget(
            name: "log-handler",
            dependencies: [
                .product(name: "WALLogging", package: "swift-wal"), .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "audit-log",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALDelivery", package: "swift-wal"),
                .product(name: "WALJournal", package: "swift-wal"),
            ]),
        .executableTarget(
            name: "own-table",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"), .product(name: "WALDelivery", package: "swift-wal"),
                .product(name: "WALJournal", package: "swift-wal"), .product(name: "WALSQLite", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
            ]),
        .executableTarget(
            name: "order-service",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"), .product(name: "WALDelivery", package: "swift-wal"),
                .product(name: "WALJournal", package: "swift-wal"), .product(name: "WALMonitor", package: "swift-wal"),
                .product(name: "WALPostgres", package: "swift-wal"), .product(name: "WALSQLite", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "own-sink",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"), .product(name: "WALDelivery", package: "swift-wal"),
            ]),
        .executableTarget(
            name: "buffer-sqlite",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "WALSQLite", package: "swift-wal"),
            ]),
        .executableTarget(name: "first-flow", dependencies: flow),
        .executableTarget(name: "order-flow", dependencies: flow),
        .executableTarget(name: "approval-flow", dependencies: flow),
        .executableTarget(name: "seed-dag", dependencies: flow),
    ]
)
