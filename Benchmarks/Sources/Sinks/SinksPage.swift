import BenchmarkReport
import Foundation

/// The results as a page.
struct SinksPage {
    let results: SinksResults

    var html: String {
        var page = Page(title: "Tasks through the log into a database")
        let rounds = results.samples.map(\.round).max() ?? 0
        page.paragraph(
            "\(results.date.formatted(.iso8601)). \(results.machine.summary). Medians of \(rounds) rounds, whiskers from minimum to maximum."
        )
        page.heading("Goals")
        page.goals(results.goals)
        page.heading("Into the database")
        page.paragraph(
            "Grey: one prepared statement and one commit for each record, from C. Blue: from the log in batches, the log's position in the same transaction."
        )
        page.figure(results.rateChart)
        if let chart = results.latencyChart {
            page.heading("At the caller")
            page.figure(chart)
        }
        page.heading("Figures")
        let rows = results.rows
        for store in results.stores {
            page.paragraph(
                (store.versions + store.settings).map { "\($0.name) \($0.value)" }.joined(separator: ", "))
            page.table(
                SinksTable.header(store.store), rows.filter { $0.store == store.store }.map(SinksTable.cells))
        }
        if !results.latencies.all.isEmpty {
            page.table(SinksTable.latencyHeader, results.latencies.all.map(SinksTable.cells))
        }
        return page.html
    }
}
