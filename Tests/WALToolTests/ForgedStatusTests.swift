import Foundation
import Testing

@testable import WALMonitor
@testable import WALTool

/// A page in the network, or a file that somebody else wrote, can claim any number. None may end the tool.
@Suite struct ForgedStatusTests {
    private let golden: String

    init() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let status = try String(contentsOf: tests.appending(path: "WALTests/Golden/status-v1.json"), encoding: .utf8)
        golden = status.replacing(
            /^\s*\{/, with: #"{"name": "log", "age_ms": 10, "kept_dead_letters": {"s": 1},"#, maxReplacements: 1)
    }

    private func look(_ text: String, after before: LogSnapshot? = nil) -> LogSnapshot? {
        guard let snapshot = LogSnapshot(json: Array(text.utf8)) else { return nil }
        _ = LogCheck(snapshot)
        _ = SystemExamination(NSTemporaryDirectory(), snapshot)
        _ = MetricsText([snapshot], version: "0").text(.openMetrics)
        var view = TopView()
        for order in TopView.Order.allCases {
            for pane in TopView.Pane.allCases {
                (view.pane, view.order) = (pane, order)
                for before in [before, nil, snapshot] {
                    _ = view.screen(TopView.Look(snapshot: snapshot, before: before), width: 200, height: 50)
                }
            }
        }
        return snapshot
    }

    @Test(arguments: ["9223372036854775807", "-9223372036854775808", "18446744073709551615"])
    func noNumberEndsTheTool(_ extreme: String) throws {
        let whole = try #require(look(golden))
        let numbers = golden.ranges(of: /-?[0-9]+(?=[,\s\]}])/)
        #expect(numbers.count > 50)
        var taken = 0
        for range in numbers {
            if look(golden.replacingCharacters(in: range, with: extreme), after: whole) != nil { taken += 1 }
        }
        #expect(taken > 0)
        // As many at once as are taken.
        var text = golden
        for range in numbers.reversed() {
            let next = text.replacingCharacters(in: range, with: extreme)
            if LogSnapshot(json: Array(next.utf8)) != nil { text = next }
        }
        #expect(look(text, after: whole) != nil)
    }
}
