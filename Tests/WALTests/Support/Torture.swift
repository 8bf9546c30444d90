import Foundation
import Synchronization
import Testing
import WAL
import WALTesting

/// Runs the cases of a suite: a few in `swift test`, as many as time allows under `Scripts/torture`, or one alone.
///
/// | Variable | Meaning |
/// | --- | --- |
/// | `WAL_SEED` | the seed of the first case; the others have the numbers after it. 1 if not given |
/// | `WAL_CASES` | the number of cases; 1 repeats one case |
/// | `WAL_MINUTES` | runs cases for this time instead |
/// | `WAL_LONG` | suites that run a part of their cases run all of them |
/// | `WAL_REPORT` | a file that gets a line: suite, cases, cases with findings, cases with losses, separated by tabs |
struct Torture: Sendable {
    static let seed = number("WAL_SEED").map { UInt64($0) } ?? 1
    static let minutes = number("WAL_MINUTES")
    private static let isAlone = number("WAL_CASES") == 1
    /// Whether a suite runs all of its cases. A case that is repeated by itself always runs.
    static let isLong = ProcessInfo.processInfo.environment["WAL_LONG"] != nil || minutes != nil || isAlone

    private static func number(_ name: String) -> Double? {
        ProcessInfo.processInfo.environment[name].flatMap { Double($0) }
    }

    /// Takes a seed. Returns the violations, and the number of cases that it tried.
    typealias Body = @Sendable (UInt64) throws -> (violations: [LogHistory.Violation], count: Int)

    /// Runs `body` with `count` seeds, or with `long` seeds in the long form, or until the time ends, and then in `longThreads`.
    static func run(
        _ suite: String, filter: String, count: Int, long: Int, longThreads: Int = 2, _ body: @escaping Body
    ) {
        let count = number("WAL_CASES").map { UInt64($0) } ?? UInt64(isLong ? long : count)
        run(suite, filter, seed...(minutes == nil ? seed + count - 1 : .max), minutes == nil ? 2 : longThreads, body)
    }

    /// Runs the cases with these numbers, independently of the seed.
    static func run(_ suite: String, filter: String, cases: ClosedRange<Int>, _ body: @escaping Body) {
        let all = UInt64(cases.lowerBound)...UInt64(cases.upperBound)
        run(suite, filter, isAlone ? seed...seed : all, 2, body)
    }

    private static func run(
        _ suite: String, _ filter: String, _ seeds: ClosedRange<UInt64>, _ threads: Int, _ body: @escaping Body
    ) {
        let deadline = minutes.map { ContinuousClock.now + .seconds($0 * 60) }
        let next = Atomic(seeds.lowerBound)
        let tally = Monitor(Tally())
        inThreads(threads) {
            while deadline.map({ ContinuousClock.now < $0 }) ?? true {
                let seed = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard seeds.contains(seed) else { return }
                let result = Result { try body(seed) }
                tally.withLock { tally in
                    guard tally.add(result) else { return }
                    tally.messages.append("\(suite), seed \(seed):\n  \(text(result))\n\(command(filter, seed))")
                }
            }
        }
        let result = tally.withLock { $0 }
        // Here, because other threads don't know the current test.
        for message in result.messages { Issue.record("\(message)") }
        report(suite, result)
    }

    /// Runs `body` in this number of threads, which may exceed that of the processors: some cases wait for a disk or a thread.
    private static func inThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let done = DispatchGroup()
        for _ in 0..<count {
            done.enter()
            Thread.detachNewThread {
                body()
                done.leave()
            }
        }
        done.wait()
    }

    private static func text(_ result: Result<(violations: [LogHistory.Violation], count: Int), any Error>) -> String {
        switch result {
        case .success(let outcome): outcome.violations.prefix(5).map(\.description).joined(separator: "\n  ")
        case .failure(let error): "\(error)"
        }
    }

    struct Tally {
        var messages: [String] = []
        var cases = 0
        var findings = 0
        var losses = 0

        /// Adds the result. Returns true if it is one of the first to report.
        mutating func add(_ result: Result<(violations: [LogHistory.Violation], count: Int), any Error>) -> Bool {
            let outcome = try? result.get()
            cases += outcome?.count ?? 1
            let violations = outcome?.violations
            if let violations, violations.isEmpty { return false }
            findings += 1
            if violations?.contains(where: { $0.kind == .loss }) ?? false { losses += 1 }
            return findings <= 10
        }
    }

    /// The command that repeats one case.
    static func command(_ filter: String, _ seed: UInt64) -> String {
        "To repeat it: WAL_SEED=\(seed) WAL_CASES=1 swift test --enable-all-traits --filter \(filter)"
    }

    static func report(_ suite: String, _ tally: Tally) {
        let line = "\(suite)\t\(tally.cases)\t\(tally.findings)\t\(tally.losses)\n"
        guard let path = ProcessInfo.processInfo.environment["WAL_REPORT"] else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        _ = write(file, line, line.utf8.count)
        close(file)
    }
}
