// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "examples",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "swift-wal", path: "..", traits: ["SQLite"])],
    targets: [
        .executableTarget(name: "embed-log", dependencies: [.product(name: "WAL", package: "swift-wal")]),
        .executableTarget(
            name: "audit-log",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALDelivery", package: "swift-wal"),
                .product(name: "WALJournal", package: "swift-wal"),
            ]),
        .executableTarget(
            name: "buffer-sqlite",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "WALSQLite", package: "swift-wal"),
            ]),
    ]
)
