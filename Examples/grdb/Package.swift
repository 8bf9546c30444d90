// swift-tools-version: 6.3
import PackageDescription

// A package of its own, so that the other examples don't build GRDB.
let package = Package(
    name: "grdb",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "swift-wal", path: "../..", traits: ["SQLite"]),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .executableTarget(
            name: "shared-database",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"), .product(name: "WALDelivery", package: "swift-wal"),
                .product(name: "WALJournal", package: "swift-wal"), .product(name: "WALSQLite", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"), .product(name: "GRDB", package: "GRDB.swift"),
            ])
    ]
)
