// swift-tools-version: 6.3
import PackageDescription

// Links to the package's own sources, so that they are instrumented and their internal declarations are visible.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.1.4"),
    ],
    targets: [
        .target(name: "CWALShims"),
        .systemLibrary(name: "CWALLZ4", pkgConfig: "liblz4"),
        .target(
            name: "WAL",
            dependencies: [
                "CWALShims", "CWALLZ4",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            exclude: ["WAL.docc"], swiftSettings: settings),
        .target(
            name: "WALLogging", dependencies: ["WAL", .product(name: "Logging", package: "swift-log")], exclude: ["WALLogging.docc"],
            swiftSettings: settings),
        .target(
            name: "WALDelivery",
            dependencies: [
                "CWALShims", "WAL",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            exclude: ["WALDelivery.docc"], swiftSettings: settings),
        .target(
            name: "WALTasks",
            dependencies: [
                "WAL", "WALDelivery",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["WALTasks.docc"], swiftSettings: settings),
        .target(
            name: "WALFlow",
            dependencies: [
                "WAL", "WALDelivery", "WALTasks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["WALFlow.docc"], swiftSettings: settings),
        .target(name: "CWALSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        // Only the tool's reader of lines.
        .target(
            name: "WALTool", dependencies: ["WAL", "WALDelivery", "WALTasks", "CWALSimdJSON", "CWALShims"], swiftSettings: settings),
        .target(name: "CWALFuzzer"),
        .executableTarget(
            name: "WALFuzz", dependencies: ["WAL", "WALDelivery", "WALLogging", "WALTasks", "WALFlow", "WALTool", "CWALFuzzer"], swiftSettings: settings,
            linkerSettings: [.linkedLibrary("stdc++", .when(platforms: [.linux]))]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
