import Foundation
import TestSupport
import Testing

@testable import WAL

/// An operator sees a log only through these metrics. A metric that doesn't move hides a log that has stopped.
@Suite struct LogMetricsTests {
    @Test func theFiguresMoveWithTheLogAndAreMadeOnce() async throws {
        let directory = TemporaryDirectory()
        let metrics = RecordingMetrics()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(), metrics: metrics)
        let atStart = metrics.values("wal.sync.duration").count
        for number in 1...100 { try await log.append(payload(number)) }
        #expect(metrics.values("wal.sync.duration").count == atStart)
        // The log reports these values once a second.
        try await eventually { metrics.values("wal.last_sequence").last == 100 }
        try await eventually { metrics.values("wal.durable_sequence").last == 0 }
        try await log.sync()
        #expect(metrics.values("wal.sync.duration").count > atStart)
        #expect(UInt64(metrics.values("wal.sync.duration").count) == log.statistics.syncCount)
        #expect(metrics.values("wal.sync.duration").allSatisfy { $0 > 0 })
        try await eventually { metrics.values("wal.durable_sequence").last == 100 }
        try await eventually { metrics.values("wal.segments{state=active}").last == 1 }
        let bytes = metrics.values("wal.disk.bytes").last ?? 0
        #expect(bytes >= 128 << 10)
        for _ in 0..<3 {
            try await log.append([1])
            try await log.roll()
        }
        try await eventually { metrics.values("wal.segments{state=sealed}").last == 3 }
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        try await log.sync()
        try await eventually { metrics.values("wal.disk.bytes").last == Int64(log.statistics.diskBytes) }
        try await log.close()
        #expect(metrics.values("wal.appended.records").reduce(0, +) == 103)
        let labels = Set(metrics.all.keys.map { $0.prefix { $0 != "{" } })
        #expect(labels.allSatisfy { WALMetric(rawValue: String($0)) != nil })
        #expect(metrics.all.values.allSatisfy { $0.madeCount == 1 })
    }

    @Test func afterARecoveryTheyGoOnWhereTheLogIs() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...100 { try await log.append(payload(number)) }
        try await log.close()
        let metrics = RecordingMetrics()
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small(), metrics: metrics)
        try await eventually { metrics.values("wal.last_sequence").last == 100 }
        try await eventually { metrics.values("wal.durable_sequence").last == 100 }
        try await eventually { metrics.values("wal.segments{state=sealed}").last == 1 }
        try await reopened.close()
    }
}
