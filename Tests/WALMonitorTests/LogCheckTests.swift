import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALMonitor

/// A check that misses problems alerts no operator, and a check with false alarms is turned off.
@Suite struct LogCheckTests {
    private func check(
        _ rules: LogCheck.Rules = LogCheck.Rules(), _ change: (inout LogSnapshot) -> Void = { _ in }
    ) async throws -> LogCheck {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration()
        configuration.diskBudget = 1 << 30
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try await log.append([1])
        try await log.sync()
        var snapshot = LogSnapshot(log)
        try await log.close()
        snapshot.status.disk.free = 90
        snapshot.status.disk.size = 100
        snapshot.status.syncs = LogStatus.Syncs()
        change(&snapshot)
        return LogCheck(snapshot, rules: rules)
    }

    static func sink(_ change: (inout SinkStatus) -> Void) -> SinkStatus {
        var sink = SinkStatus(
            name: "db", state: .running, error: nil, appliedSequence: 1, appliedRecords: 1, appliedBatches: 1,
            writtenRows: 1, coalescedRecords: 0, lostRecords: 0, lostClaims: 0, failures: [], retries: 0,
            deadLetters: 0, deadLettersInSink: 0,
            lag: LogLag(records: 0, bytes: 0, oldest: nil), lastSuccess: nil, batches: DurationHistogram())
        change(&sink)
        return sink
    }

    /// After the clock was set back, the status of a dead writer is from the future.
    @Test func aStatusFromTheFutureIsNotCurrent() async throws {
        #expect(bad(try await check { $0.age = .seconds(-5) })["writer"] == nil)
        let ahead = try await check { $0.age = .seconds(-6) }
        #expect(bad(ahead)["writer"] == .critical)
        #expect(ahead.items.first?.text.contains("before this machine's clock was set back") == true)
    }

    /// The items whose verdict isn't OK.
    private func bad(_ check: LogCheck) -> [String: LogCheck.Verdict] {
        Dictionary(uniqueKeysWithValues: check.items.filter { $0.verdict != .ok }.map { ($0.name, $0.verdict) })
    }

    @Test func aLogInGoodOrderIsFine() async throws {
        let check = try await check { $0.status.sinks = [Self.sink { _ in }] }
        #expect(check.verdict == .ok, "\(bad(check))")
        #expect(check.items.map(\.name) == ["writer", "accepting", "budget", "disk", "lag", "dead_letters"])
    }

    @Test func eachTroubleHasItsVerdictAndNextStep() async throws {
        typealias Case = (name: String, verdict: LogCheck.Verdict, change: (inout LogSnapshot) -> Void)
        let cases: [Case] = [
            ("writer", .critical, { $0.status.closedAt = .now }),
            ("writer", .critical, { $0.age = .seconds(6) }),
            ("writer", .critical, { $0.age = nil }),
            ("accepting", .critical, { $0.status.refusal = LogStatus.Refusal(code: "diskFull", message: "Full.") }),
            ("disk", .warning, { $0.status.disk.free = 20 }),
            ("disk", .critical, { $0.status.disk.free = 5 }),
            ("budget", .critical, { $0.status.disk.bytes = 1 << 30 }),
            (
                "findings", .critical,
                { $0.status.recovery.findings = [.init(classification: "corruption", isAcknowledged: true, count: 1)] }
            ),
            ("sink", .warning, { $0.status.sinks = [Self.sink { $0.state = .unavailable }] }),
            ("sink", .warning, { $0.status.sinks = [Self.sink { $0.state = .probing }] }),
            ("sink", .critical, { $0.status.sinks = [Self.sink { $0.state = .fenced }] }),
            ("sink", .critical, { $0.status.sinks = [Self.sink { $0.state = .detached }] }),
            ("sink", .critical, { $0.status.sinks = [Self.sink { $0.state = .stopped }] }),
            ("lag", .warning, { $0.status.sinks = [Self.sink(at: $0.status.time - .seconds(60))] }),
            ("lag", .critical, { $0.status.sinks = [Self.sink(at: $0.status.time - .seconds(300))] }),
            ("dead_letters", .warning, { $0.status.sinks = [Self.sink { $0.deadLettersInSink = 1 }] }),
            ("dead_letters", .critical, { $0.status.sinks = [Self.sink { $0.deadLettersInSink = 100 }] }),
            (
                "dead_letters", .warning,
                {
                    $0.status.sinks = [Self.sink { _ in }]
                    $0.keptDeadLetters = ["db": 1]
                }
            ),
            (
                "sync_p99", .critical,
                { for _ in 0..<10 { $0.status.syncs.durations.record(.seconds(2)) } }
            ),
        ]
        for each in cases {
            let check = try await check(change: each.change)
            #expect(bad(check) == [each.name: each.verdict], "\(each.name)")
            #expect(check.verdict == each.verdict)
            #expect(check.items.first { $0.name == each.name }?.next?.isEmpty == false, "\(each.name)")
        }
    }

    @Test func aDiskThatWasSlowIsFineAgain() async throws {
        let check = try await check {
            for _ in 0..<10 { $0.status.syncs.durations.record(.seconds(2)) }
            $0.status.syncs.recent = DurationHistogram()
            $0.status.syncs.recent?.record(.milliseconds(1))
        }
        #expect(check.verdict == .ok)
    }

    /// The state of the writer's sink is why it ended. The other metrics are old.
    @Test func aWriterThatWasFencedSaysSo() async throws {
        let check = try await check {
            $0.status.closedAt = .now
            $0.status.sinks = [Self.sink { ($0.state, $0.deadLetters) = (.fenced, 1) }]
        }
        #expect(bad(check) == ["writer": .critical, "sink": .critical])
        // The service alone would end the other owner, and then be ended by it.
        #expect(check.items.first?.next == "end the other owner of the sink, then start the service")
    }

    /// The letters beside the log are counted as they are: those since the writer's start may be redriven, and there are older
    /// ones. The sink's own are those that the writer knows of. The status of an older version counts them together.
    @Test func lettersAreCountedWhereTheyAre() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path)
        var snapshot = LogSnapshot(log)
        try await log.close()
        let redriven = Self.sink { $0.deadLetters = 5 }
        #expect(snapshot.deadLetterCount(of: redriven) == 0)
        snapshot.keptDeadLetters = ["db": 2, "other": 9]
        #expect(snapshot.deadLetterCount(of: redriven) == 2)
        #expect(snapshot.deadLetterCount(of: Self.sink { ($0.deadLetters, $0.deadLettersInSink) = (5, 4) }) == 6)
        #expect(snapshot.deadLetterCount(of: Self.sink { ($0.deadLetters, $0.deadLettersInSink) = (5, nil) }) == 5)
    }

    private static func sink(at oldest: Timestamp) -> SinkStatus {
        sink { $0.lag = LogLag(records: 1, bytes: 1, oldest: oldest) }
    }

    private func check(change: (inout LogSnapshot) -> Void) async throws -> LogCheck {
        try await check(LogCheck.Rules(), change)
    }

    @Test func whatMayBeRemovedIsNotUsed() async throws {
        let check = try await check {
            $0.status.disk.bytes = 1 << 30
            $0.status.disk.reclaimable = 1 << 29
        }
        #expect(check.verdict == .ok)
        #expect(check.items.first { $0.name == "budget" }?.value == 50)
    }

    @Test func limitsAreRules() async throws {
        var rules = LogCheck.Rules()
        rules.disk = LogCheck.Limits(warning: 5, critical: 50)
        let check = try await check(rules)
        #expect(bad(check) == ["disk": .warning])
    }
}
