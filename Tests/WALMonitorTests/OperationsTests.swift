import Foundation
import Testing

@testable import WAL
@testable import WALMonitor

/// An alert with a wrong metric name never fires, and a panel with one stays empty.
@Suite struct OperationsTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Operations").standardizedFileURL

    /// The names in samples of the metrics.
    private static let names: Set<String> = Set(
        WALMetric.allCases.flatMap { metric in
            metric.kind == .timer
                ? ["_bucket", "_sum", "_count"].map { metric.prometheusName + $0 } : [metric.prometheusName]
        })

    private func expectKnown(_ text: String) {
        let used = text.matches(of: /\bwal_[a-z_]+/).map { String($0.output) }
        #expect(!used.isEmpty)
        for name in used { #expect(Self.names.contains(name), "\(name)") }
    }

    @Test func theAlertsPassTheirTests() throws {
        expectKnown(try String(contentsOf: Self.folder.appending(path: "alerts.yml"), encoding: .utf8))
        guard let promtool = try Promtool.find() else { return }
        let check = try promtool.run(["check", "rules", Self.folder.appending(path: "alerts.yml").path])
        #expect(check.status == 0, "\(check.output)")
        let tests = try promtool.run(["test", "rules", Self.folder.appending(path: "alerts.test.yml").path])
        #expect(tests.status == 0 && tests.output.contains("SUCCESS"), "\(tests.output)")
    }

    @Test func eachAlertHasATestAndARunbook() throws {
        let alerts = try String(contentsOf: Self.folder.appending(path: "alerts.yml"), encoding: .utf8)
        let tests = try String(contentsOf: Self.folder.appending(path: "alerts.test.yml"), encoding: .utf8)
        let names = alerts.matches(of: #/- alert: (\w+)/#).map { String($0.1) }
        #expect(names.count == 13 && alerts.components(separatedBy: "runbook: ").count - 1 == names.count)
        for name in names { #expect(tests.contains("alertname: \(name)\n"), "\(name)") }
    }

    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            struct Target: Decodable { var expr: String }
            var title: String
            var targets: [Target]?
        }
        var schemaVersion: Int
        var panels: [Panel]
    }

    @Test func eachExpressionOfTheDashboardIsOne() throws {
        let data = try Data(contentsOf: Self.folder.appending(path: "dashboard.json"))
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: data)
        #expect(dashboard.schemaVersion == 39)
        let expressions = dashboard.panels.flatMap { $0.targets ?? [] }.map(\.expr)
        #expect(expressions.count > 20)
        var rules = "groups:\n- name: dashboard\n  rules:\n"
        for (number, expression) in expressions.enumerated() {
            expectKnown(expression)
            let filled = expression.replacing("$__rate_interval", with: "5m").replacing("$log", with: "orders")
            rules += "  - record: panel:\(number)\n    expr: '\(filled)'\n"
        }
        guard let promtool = try Promtool.find() else { return }
        let file = FileManager.default.temporaryDirectory.appending(path: "panels-\(UUID().uuidString).yml")
        try rules.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try promtool.run(["check", "rules", file.path])
        #expect(result.status == 0, "\(result.output)")
    }
}
