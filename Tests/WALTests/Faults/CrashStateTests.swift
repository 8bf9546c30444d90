import Foundation
import Testing
import WALTesting

@testable import WAL

/// After a power loss, any part of the unsynced data may be on the disk. If recovery misreads one such state, a durable record is
/// lost, or a removed one reappears.
@Suite(.serialized) struct CrashStateTests {
    struct Point: Sendable {
        var state: CrashState
        var history: LogHistory
    }

    private static let imagesPerLife = 500
    /// Up to this number of images, all are tried. Of more, some are.
    private static let allUpTo = 64
    private static let openedOneIn = 50
    private static let crashedAgainOneIn = 250

    @Test(.timeLimit(.minutes(24 * 60))) func whateverAPowerLossLeaves() {
        Torture.run("crash states", filter: "CrashStateTests.whateverAPowerLossLeaves", count: 5, long: 40) { seed in
            try Self.tryImages(ofLife: seed)
        }
    }

    /// The moments of a log's life: before and after each of its system calls, and after each step.
    static func record(_ seed: UInt64) throws -> [Point] {
        let simulation = try Simulation(seed: seed)
        let history = simulation.history
        let points = Monitor<[Point]>([])
        @Sendable func add(_ state: CrashState) {
            let history = history.withLock { $0 }
            points.withLock { points in
                if points.last?.state.revision != state.revision {
                    points.append(Point(state: state, history: history))
                }
            }
        }
        simulation.storage.watch(add)
        for _ in 0..<30 {
            try simulation.step()
            if let state = simulation.storage.crashState() { add(state) }
        }
        simulation.storage.watch(nil)
        return points.withLock { $0 }
    }

    static func tryImages(ofLife seed: UInt64) throws -> (violations: [LogHistory.Violation], count: Int) {
        var generator = SeededGenerator(seed: seed ^ 0x5eed)
        let points = try record(seed)
        let trial = try Trial()
        for point in points.shuffled(using: &generator) {
            for unit in CrashState.Unit.allCases {
                let images = point.state.images(of: unit)
                let isExhaustive = images.count <= allUpTo
                for number in 0..<(isExhaustive ? images.count : 8) {
                    let image = isExhaustive ? images[number] : images.random(using: &generator)
                    try trial.examine(image, point.history)
                    if trial.count % openedOneIn == 0 { try trial.open(image, point.history) }
                    if trial.count % crashedAgainOneIn == 0 {
                        try trial.crashAgain(image, point.history, using: &generator)
                    }
                    guard trial.violations.isEmpty else {
                        trial.keep(image)
                        return (trial.violations, trial.count)
                    }
                }
            }
            if trial.count >= imagesPerLife { break }
        }
        return (trial.violations, trial.count)
    }

    /// A directory in which images are written, examined and opened.
    final class Trial {
        private let root = LogImage.directory()
        private(set) var violations: [LogHistory.Violation] = []
        private(set) var count = 0

        private var directory: String { root + "/log" }

        init() throws {
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: root) }

        /// The result that opening would have.
        func examine(_ image: CrashImage, _ history: LogHistory) throws {
            count += 1
            try image.write(to: root)
            violations += history.violations(in: try FastRecovery.contents(of: directory), after: .powerLoss)
        }

        /// Opens the log twice. The second opening must find nothing, and change nothing.
        func open(_ image: CrashImage, _ history: LogHistory) throws {
            try image.write(to: root)
            var history = history
            for ending in [LogHistory.Ending.powerLoss, .closed] {
                let log = try WriteAheadLog.openBlocking(at: directory, configuration: Self.configuration)
                let found = try LogContents(of: log)
                violations += history.violations(in: found, after: ending)
                history.resume(from: found)
                let payloads = [payload(1_000_000 + count, size: 30)]
                history.willAppend(payloads[0])
                if let violation = history.didAppend(payloads, last: try log.appendBlocking(payloads[0])) {
                    violations.append(violation)
                }
                count += 1
                try log.closeBlocking()
            }
        }

        /// Loses the power again during the opening, at each of its calls.
        func crashAgain(
            _ image: CrashImage, _ history: LogHistory, using generator: inout SeededGenerator
        ) throws {
            try image.write(to: root)
            let states = Monitor<[CrashState]>([])
            let storage = try FaultyStorage(root, recording: true)
            storage.watch { state in
                states.withLock { states in
                    if states.last?.revision != state.revision { states.append(state) }
                }
            }
            let log = try WriteAheadLog.openBlocking(at: directory, configuration: Self.configuration)
            storage.watch(nil)
            try log.closeBlocking()
            for state in states.withLock({ $0 }) {
                for unit in CrashState.Unit.allCases {
                    let again = state.images(of: unit).random(using: &generator)
                    try examine(again, history)
                    if count % 10 == 0 { try open(again, history) }
                    if !violations.isEmpty { return keep(again) }
                }
            }
        }

        /// Keeps an image for inspection.
        func keep(_ image: CrashImage) {
            let path = NSTemporaryDirectory() + "/wal-crash-\(UUID().uuidString)"
            guard (try? image.write(to: path)) != nil else { return }
            Issue.record("the image is kept in \(path)")
        }

        private static var configuration: WriteAheadLog.Configuration {
            var configuration = WriteAheadLog.Configuration.small(.manual)
            configuration.segmentSize = 64 << 10
            configuration.maxPreparedSegments = 1
            return configuration
        }
    }
}
