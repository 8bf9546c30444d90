import Foundation
import Testing

/// Alarms are set on names: what the table has and what is reported must be the same.
@Suite struct TaskMetricsDocumentTests {
    @Test func theTableHasAllOfThem() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/WALTasks")
        let code = try String(contentsOf: sources.appending(path: "Buffered/TaskInstruments.swift"), encoding: .utf8)
        let article = try String(contentsOf: sources.appending(path: "WALTasks.docc/TaskMetrics.md"), encoding: .utf8)
        var reported: Set<String> = []
        for match in code.matches(of: /= counter\("(\w+)"\)/) { reported.insert("wal.tasks.\(match.1)` | counter") }
        for match in code.matches(of: /= (Timer|Gauge)\(label: "([\w.]+)"/) {
            reported.insert("\(match.2)` | \(match.1.lowercased())")
        }
        let documented = Set(article.matches(of: /(?m)^\| `(wal\.tasks\.\w+` \| \w+)/).map { String($0.1) })
        #expect(documented == reported)
        #expect(reported.count == 12)
    }
}
