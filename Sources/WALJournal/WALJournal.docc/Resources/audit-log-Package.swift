// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "audit-log",
    platforms: [.macOS(.v26)],
    dependencies: [.package(url: "https://github.com/OWNER/swift-wal", from: "0.1.0")],
    targets: [
        .executableTarget(
            name: "audit-log",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALDelivery", package: "swift-wal"),
                .product(name: "WALJournal", package: "swift-wal"),
            ])
    ]
)
