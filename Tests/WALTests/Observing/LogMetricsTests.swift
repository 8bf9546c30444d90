import Foundation
import Testing

@testable import WAL

/// Who operates a log sees it through these figures only: one that doesn't move hides a log that stands still.
@Suite struct LogMetricsTests {
    private static let kinds = [
        "wal.syncs": "counter", "wal.syncs.failed": "counter", "wal.sync.time": "timer", "wal.records.last": "gauge",
        "wal.records.durable": "gauge", "wal.disk.bytes": "gauge", "wal.segments": "gauge",
    ]

    /// Waits for a value that is taken once a second.
    private func wait(_ metrics: RecordingMetrics, _ label: String, for value: Int64) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while metrics.values(label).last != value, .now < end { try await Task.sleep(for: .milliseconds(20)) }
        #expect(metrics.values(label).last == value, "\(label)")
    }

    @Test func theFiguresMoveWithTheLogAndAreMadeOnce() async throws {
        let directory = TemporaryDirectory()
        let metrics = RecordingMetrics()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(), metrics: metrics)
        let atStart = metrics.values("wal.syncs").count
        for number in 1...100 { try await log.append(payload(number)) }
        #expect(metrics.values("wal.syncs").count == atStart)
        try await wait(metrics, "wal.records.last", for: 100)
        try await wait(metrics, "wal.records.durable", for: 0)
        try await log.sync()
        #expect(metrics.values("wal.syncs").count > atStart)
        #expect(metrics.values("wal.syncs").allSatisfy { $0 == 1 })
        #expect(UInt64(metrics.values("wal.syncs").count) == log.statistics.syncCount)
        #expect(metrics.values("wal.sync.time").count == metrics.values("wal.syncs").count)
        #expect(metrics.values("wal.sync.time").allSatisfy { $0 > 0 })
        try await wait(metrics, "wal.records.durable", for: 100)
        try await wait(metrics, "wal.segments", for: 1)
        let bytes = metrics.values("wal.disk.bytes").last ?? 0
        #expect(bytes >= 128 << 10)
        for _ in 0..<3 {
            try await log.append([1])
            try await log.roll()
        }
        try await wait(metrics, "wal.segments", for: 4)
        while log.statistics.preparedSegmentCount < 2 { try await Task.sleep(for: .milliseconds(1)) }
        try await log.sync()
        try await wait(metrics, "wal.disk.bytes", for: Int64(log.statistics.diskBytes))
        try await log.close()
        #expect(metrics.all.mapValues(\.kind) == Self.kinds)
        #expect(metrics.all.values.allSatisfy { $0.madeCount == 1 })
    }

    @Test func afterARecoveryTheyGoOnWhereTheLogIs() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...100 { try await log.append(payload(number)) }
        try await log.close()
        let metrics = RecordingMetrics()
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small(), metrics: metrics)
        try await wait(metrics, "wal.records.last", for: 100)
        try await wait(metrics, "wal.records.durable", for: 100)
        try await wait(metrics, "wal.segments", for: 2)
        try await reopened.close()
    }
}
