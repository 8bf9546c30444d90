import Foundation
import Testing

@testable import WAL
@testable import WALDelivery

/// Alarms are set on names: one that isn't documented is found by nobody, one that is documented wrongly never rings.
@Suite struct ObservingDocumentTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources").standardizedFileURL

    /// The rows of the article's tables.
    private func rows() throws -> [Substring] {
        let article = Self.sources.appending(path: "WAL/WAL.docc/MetricsAndLogging.md")
        return try String(contentsOf: article, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| ") }
    }

    @Test func allMetricsAreDocumented() throws {
        let metrics = RecordingMetrics()
        _ = LogMetrics(metrics)
        _ = FlusherMetrics(factory: metrics, sink: "sink")
        let rows = try rows()
        for (label, instrument) in metrics.all {
            #expect(rows.contains { $0.hasPrefix("| `\(label)` | \(instrument.kind) | ") }, "\(label)")
        }
        let documented = rows.count { $0.hasPrefix("| `wal.") }
        #expect(documented == metrics.all.count)
    }

    @Test func allMessagesAreDocumented() throws {
        let rows = try rows()
        var count = 0
        let files = ["WAL", "WALDelivery"].flatMap { module in
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
