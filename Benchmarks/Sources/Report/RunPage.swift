import BenchmarkKit
import BenchmarkReport
import Foundation

/// The results as a page.
struct RunPage {
    private let run: Run

    init(_ run: Run) {
        self.run = run
    }

    var html: String {
        var page = Page(title: "swift-wal beside the machine’s limits and other libraries")
        page.paragraph(RunText(run).circumstances)
        page.heading("Goals")
        page.goals(run.goals)
        let charts = RunCharts(run)
        page.heading("Throughput")
        show(charts.throughput, &page)
        if let chart = charts.payloads { show(chart, &page) }
        page.heading("Scaling")
        for chart in charts.scaling { show(chart, &page) }
        page.heading("Latency")
        for chart in charts.latencies { show(chart, &page) }
        if let chart = charts.growth {
            page.heading("As the log grows")
            show(chart, &page)
        }
        page.heading("Figures")
        page.paragraph("Medians of the rounds with minimum and maximum; latencies and stalls are medians.")
        showFigures(&page)
        page.heading("Settings")
        for setting in run.results.settings { page.paragraph(setting.summary) }
        showStalls(&page)
        return page.html
    }

    private func show(_ chart: RunCharts.Chart, _ page: inout Page) {
        page.figure(chart.svg)
        if !chart.text.isEmpty { page.paragraph(chart.text) }
    }

    /// A table for measurements of the same sort, without the columns that none of them has.
    private func showFigures(_ page: inout Page) {
        let table = SamplesTable(run.results.samples)
        var tables: [(columns: [Int], rows: [[String]])] = []
        for measure in run.set.comparisons.map(\.measure).unique {
            let rows = run.set.comparisons.filter { $0.measure == measure }.flatMap { table.rows($0) }
            let columns = SamplesTable.header.indices.filter { column in
                column < 3 || rows.contains { !$0[column].isEmpty }
            }
            if tables.last?.columns == columns {
                tables[tables.count - 1].rows += rows
            } else {
                tables.append((columns, rows))
            }
        }
        for (columns, rows) in tables {
            page.table(columns.map { SamplesTable.header[$0] }, rows.map { row in columns.map { row[$0] } }, names: 2)
        }
    }

    private func showStalls(_ page: inout Page) {
        let stalls = run.results.stalls.filter { $0.comparison.measure != "open-loop-latency" }
        page.heading("Stalls")
        page.paragraph(
            "Written appends of the log that took over a millisecond, the longest first: how often the thread slept meanwhile (for a segment, or for the disk), and how often it was taken off its core for another."
        )
        page.table(
            ["", "round", "call", "time", "sleeps", "preemptions"],
            stalls.sorted { $0.stall.milliseconds > $1.stall.milliseconds }.prefix(40).map { note in
                [
                    note.comparison.text, "\(note.round)", "\(note.stall.index)",
                    Figure.time(nanoseconds: note.stall.milliseconds * 1e6), "\(note.stall.sleeps)",
                    "\(note.stall.preemptions)",
                ]
            })
    }
}
