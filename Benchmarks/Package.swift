// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "benchmarks",
    platforms: [.macOS("26")],
    dependencies: [
        .package(name: "swift-wal", path: "..", traits: ["SQLite", "Postgres", "MySQL", "NATS"]),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.1.4"),
    ],
    targets: [
        .systemLibrary(name: "CNaivePostgres", pkgConfig: "libpq"),
        .systemLibrary(name: "CNaiveMariaDB", pkgConfig: "libmariadb"),
        .systemLibrary(name: "CNaiveSQLite", pkgConfig: "sqlite3"),
        .systemLibrary(name: "CNaiveNATS", pkgConfig: "libnats"),
        .target(name: "CNaive", dependencies: ["CNaivePostgres", "CNaiveMariaDB", "CNaiveSQLite"]),
        .target(
            name: "BenchmarkReport",
            dependencies: [.product(name: "Histogram", package: "hdrhistogram-swift")],
            swiftSettings: settings),
        // The library has the checksum.
        .target(name: "CLimits", dependencies: [.product(name: "WAL", package: "swift-wal")]),
        .target(
            name: "CPeers",
            linkerSettings: ["rocksdb", "leveldb", "lmdb", "db-5.3", "sqlite3"].map { .linkedLibrary($0) }),
        .target(
            name: "BenchmarkKit",
            dependencies: [
                "BenchmarkReport", "CLimits",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: settings),
        .target(
            name: "Contenders",
            dependencies: [
                "BenchmarkReport", "BenchmarkKit", "CLimits", "CPeers",
                .product(name: "WAL", package: "swift-wal"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Log",
            dependencies: [
                "BenchmarkReport", "BenchmarkKit", "Contenders", "CLimits", "CPeers",
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALJournal", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Reading",
            dependencies: [
                "BenchmarkReport", "BenchmarkKit", "Contenders", "CLimits", "CPeers",
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Store",
            dependencies: [
                "BenchmarkReport", "BenchmarkKit", "Contenders", "CLimits",
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALPostgres", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Watched",
            dependencies: [
                "Contenders",
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Flows",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "WALFlow", package: "swift-wal"),
                .product(name: "WALSQLite", package: "swift-wal"),
                .product(name: "WALPostgres", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(name: "StreamPeer", dependencies: ["CNaiveNATS"], linkerSettings: [.linkedLibrary("lz4")]),
        .executableTarget(
            name: "Stream",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALDelivery", package: "swift-wal"),
                .product(name: "WALNATS", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Lines",
            dependencies: [
                "BenchmarkReport", "BenchmarkKit", "CLimits",
                .product(name: "WALLogging", package: "swift-wal"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .target(name: "CAllocations"),
        .executableTarget(
            name: "Allocations",
            dependencies: [
                "BenchmarkReport", "BenchmarkKit", "Contenders", "CAllocations",
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Report",
            dependencies: [
                "BenchmarkReport", "BenchmarkKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "Sinks",
            dependencies: [
                "BenchmarkReport", "CNaive",
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "WALSQLite", package: "swift-wal"),
                .product(name: "WALPostgres", package: "swift-wal"),
                .product(name: "WALMySQL", package: "swift-wal"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)
