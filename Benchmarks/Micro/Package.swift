// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "micro-benchmarks",
    platforms: [.macOS("26")],
    dependencies: [
        .package(name: "swift-wal", path: "../.."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.30.0", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Log",
            dependencies: [
                .product(name: "WAL", package: "swift-wal"),
                .product(name: "WALTasks", package: "swift-wal"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Log",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ]
)
