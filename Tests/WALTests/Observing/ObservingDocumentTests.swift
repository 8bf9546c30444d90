import Foundation
import Testing

@testable import WAL
@testable import WALDelivery

/// Alerts use names. An undocumented metric isn't found, and an alert on a wrong name never fires.
@Suite struct ObservingDocumentTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources").standardizedFileURL

    /// The rows of the article's tables.
    private func rows() throws -> [Substring] {
        let article = Self.sources.appending(path: "WAL/WAL.docc/MetricsAndLogging.md")
        return try String(contentsOf: article, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| ") }
    }

    @Test(arguments: WALMetric.allCases) func `each metric has its row in the article`(_ metric: WALMetric) throws {
        let names = (metric == .buildInfo ? [] : ["log"]) + metric.dimensions
        let dimensions = names.map { "`\($0)`" }.joined(separator: ", ")
        let row =
            "| `\(metric.rawValue)` | `\(metric.prometheusName)` | \(metric.kind) | \(metric.unit) | \(dimensions) "
            + "| \(metric.help) |"
        #expect(try rows().contains { $0 == row }, "\(row)")
    }

    @Test func `every metric in the article exists`() throws {
        #expect(try rows().count { $0.hasPrefix("| `wal.") } == WALMetric.allCases.count)
    }

    @Test func `the log and the flusher make the metrics of the table and no others`() throws {
        let metrics = RecordingMetrics()
        let log = LogMetrics(metrics, log: "/var/lib/orders/wal")
        log.record(StatusExample.status)
        log.record(StatusExample.status.recovery)
        log.recordRelease("expired")
        _ = FlusherMetrics(factory: metrics, log: "/var/lib/orders/wal", sink: "sink")
        for (key, instrument) in metrics.all {
            let metric = try #require(WALMetric(rawValue: String(key.prefix { $0 != "{" })), "\(key)")
            #expect(instrument.kind == metric.kind.rawValue, "\(key)")
        }
        let made = Set(metrics.all.keys.map { String($0.prefix { $0 != "{" }) })
        // The metrics of a task storage, of a program that serves metrics, and of a follower.
        let elsewhere: [WALMetric] = [.bufferedMutations, .overlayBytes, .buildInfo, .up, .statusAge, .keptDeadLetters]
        let others = WALMetric.allCases.filter {
            !elsewhere.contains($0) && !$0.rawValue.hasPrefix("wal.follower.") && !made.contains($0.rawValue)
        }
        #expect(others == [])
    }

    @Test(arguments: WALMetric.allCases) func `the name in Prometheus follows the rule`(_ metric: WALMetric) {
        let name = metric.prometheusName
        #expect(name.wholeMatch(of: /[a-z_]+/) != nil)
        #expect(name.hasSuffix("_total") == (metric.kind == .counter))
        let base = metric.kind == .counter ? String(name.dropLast(6)) : name
        if metric.unit != .count { #expect(base.hasSuffix("_\(metric.unit)")) }
    }

    @Test func allMessagesAreDocumented() throws {
        let rows = try rows()
        var count = 0
        let files = ["WAL", "WALDelivery", "WALTasks/Buffered", "WALNATS"].flatMap { module in
            FileManager.default.enumerator(at: Self.sources.appending(path: module), includingPropertiesForKeys: nil)?
                .compactMap { $0 as? URL } ?? []
        }
        for file in files where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /logger\?\.(\w+)\(\s*"([^"]+)"/) {
                count += 1
                #expect(rows.contains { $0.hasPrefix("| \(match.1) | \(match.2) |") }, "\(match.2)")
            }
        }
        #expect(count > 15)
    }
}
