// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "first-flow",
    platforms: [.macOS(.v26)],
    dependencies: [.package(url: "https://github.com/OWNER/swift-wal", from: "0.1.0", traits: ["SQLite"])],
    targets: [
        .executableTarget(
            name: "first-flow",
            dependencies: [
                .product(name: "WALFlow", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "WALSQLite", package: "swift-wal"),
            ])
    ]
)
