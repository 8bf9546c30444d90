import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALMonitor

/// A metric that Prometheus can't parse causes no alert.
@Suite struct MetricsTextTests {
    private let directory = TemporaryDirectory()

    private func snapshot() async throws -> (WriteAheadLog, LogSnapshot) {
        let log = try await WriteAheadLog.open(at: directory.path)
        for number in 0..<10 { try await log.append([UInt8(number)]) }
        try log.setCursor("a \"quoted\\ name\"\n", to: 4)
        try await log.sync()
        return (log, LogSnapshot(log, name: "orders"))
    }

    @Test(arguments: [MetricsText.Form.prometheus, .openMetrics])
    func eachFamilyIsNamedOnceAndKnown(_ form: MetricsText.Form) async throws {
        let (log, snapshot) = try await snapshot()
        let text = MetricsText([snapshot, LogSnapshot(log, name: "second")], version: "1.2.3").text(form)
        let lines = text.split(separator: "\n")
        let known = Set(WALMetric.allCases.map(\.prometheusName))
        let types = lines.filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
        #expect(types.count > 20 && Set(types).count == types.count)
        for type in types { #expect(known.contains(type) || known.contains(type + "_total"), "\(type)") }
        #expect(lines.contains("wal_up{log=\"orders\"} 1"))
        #expect(lines.contains("wal_build_info{version=\"1.2.3\",format=\"1.1\"} 1"))
        #expect(lines.contains("wal_appended_records_total{log=\"second\"} 10"))
        #expect(lines.contains(#"wal_cursor_lag_records{log="orders",cursor="a \"quoted\\ name\"\n"} 6"#))
        #expect((lines.last == "# EOF") == (form == .openMetrics))
        #expect(text.hasSuffix("\n"))
        try await log.close()
    }

    @Test func aHistogramAddsUp() async throws {
        let (log, snapshot) = try await snapshot()
        let text = MetricsText([snapshot], version: "1").text()
        let buckets = text.split(separator: "\n").filter { $0.hasPrefix("wal_sync_duration_seconds_bucket") }
        let counts = buckets.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(counts.count == DurationHistogram.bounds.count + 1 && counts == counts.sorted())
        #expect(text.contains("wal_sync_duration_seconds_count{log=\"orders\"} \(counts[counts.count - 1])\n"))
        #expect(UInt64(counts[counts.count - 1]) == snapshot.status.syncs.durations.count)
        #expect(buckets[0].contains("le=\"0.0001\"") && buckets[buckets.count - 1].contains("le=\"+Inf\""))
        try await log.close()
    }

    /// `promtool` is from Debian's package `prometheus`.
    @Test func promtoolFindsNothing() async throws {
        guard let promtool = try Promtool.find() else { return }
        let (log, snapshot) = try await snapshot()
        let result = try promtool.run(["check", "metrics"], input: MetricsText([snapshot], version: "1").text())
        #expect(result.status == 0 && result.output == "", "\(result.output)")
        try await log.close()
    }

    @Test func aLogWithoutAWriterIsDown() async throws {
        let (log, _) = try await snapshot()
        try await log.close()
        let closed = try LogSnapshot(ReadOnlyLog(at: directory.path))
        #expect(!closed.isUp && closed.status.closedAt != nil)
        var text = MetricsText([closed], version: "1").text()
        #expect(text.contains("wal_up{log=\"\(closed.name)\"} 0\n") && !text.contains("wal_accepting_appends"))
        #expect(text.contains("wal_last_sequence{log=\"\(closed.name)\"} 10\n"))
        // Without a status, the metrics come from the files.
        try FileManager.default.removeItem(atPath: directory.path + "/STATUS")
        let surveyed = try LogSnapshot(ReadOnlyLog(at: directory.path))
        #expect(surveyed.age == nil && surveyed.status.lastSequence == 10 && surveyed.status.durableSequence == 10)
        #expect(
            surveyed.status.cursors.map(\.lagRecords) == [6]
                && surveyed.status.cursors.map(\.name) == closed.status.cursors.map(\.name))
        #expect(surveyed.status.segments == closed.status.segments)
        text = MetricsText([surveyed], version: "1").text()
        #expect(text.contains("wal_up{log=\"\(closed.name)\"} 0\n") && !text.contains("wal_appended_records"))
    }

    @Test func theFormFollowsTheAcceptHeader() {
        #expect(MetricsText.Form(accept: nil) == .prometheus)
        #expect(MetricsText.Form(accept: "text/plain;version=0.0.4;q=0.3,*/*;q=0.1") == .prometheus)
        #expect(
            MetricsText.Form(accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5") == .openMetrics)
    }
}
