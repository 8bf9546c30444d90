import BenchmarkKit
import BenchmarkReport
import Foundation

/// The results as text.
struct RunText {
    private let run: Run

    init(_ run: Run) {
        self.run = run
    }

    /// When, where and how, in a few sentences.
    var circumstances: String {
        let day = run.date.formatted(.iso8601.year().month().day())
        let rounds = run.results.samples.map(\.round).max() ?? 0
        var text =
            "\(day), revision \(run.revision.isEmpty ? "unknown" : run.revision), \(run.compiler). \(run.machine.summary). "
            + (run.isQuick ? "A quick run: fewer rounds and less of everything. " : "")
            + "Medians of up to \(rounds) interleaved rounds."
        if run.disturbed > 0 {
            text +=
                " Other processes used a quarter of a core or more during \(run.disturbed) of \(run.results.others.count) measurements."
        }
        return text
    }

    /// Tables of the measured suites, for a terminal.
    var goals: String {
        var table = TextTable(["goal", "limit", "measured", "met"])
        for goal in run.goals where goal.measured != nil { table.add(cells(goal)) }
        return table.text
    }

    /// The template with `{{circumstances}}` and `{{goals}}` filled in.
    func results(template: String) -> String {
        let rows = run.goals.map { goal in
            let cells = cells(goal)
            return "| \(goal.number) | \(goal.text) | \(cells[2]) | \(cells[1]) | \(cells[3]) |"
        }
        let table = ["| # | What | Measured | Goal | Met |", "| --- | --- | --- | --- | --- |"] + rows
        return template.replacing("{{circumstances}}", with: circumstances)
            .replacing("{{goals}}", with: table.joined(separator: "\n"))
    }

    private func cells(_ goal: Goal) -> [String] {
        [
            "\(goal.number). \(goal.text)", goal.limit, goal.measured.map { Figure.short($0) + goal.unit } ?? "–",
            goal.met.map { $0 ? "yes" : "no" } ?? "–",
        ]
    }
}
