import BenchmarkReport

extension SinksResults {
    /// Records a second of all ways.
    var rateChart: String {
        chart("Log records a second", \.rate) { row in
            Figure.short(row.rate.median) + (row.path == .naive ? "" : "  \(Figure.short(row.ratio.median))×")
        }
    }

    /// The rates as multiples of row by row, which hold on other machines, too.
    var ratioChart: String {
        chart("Throughput into the database, row by row = 1", \.ratio) { Figure.short($0.ratio.median) + "×" }
    }

    var latencyChart: String? {
        latencies.samples.map { samples in
            LatencyChart(
                title: "What a caller waits for one save", series: [(samples.buffered, false), (samples.direct, true)]
            ).svg
        }
    }

    private func chart(_ title: String, _ value: KeyPath<Row, Spread>, note: (Row) -> String) -> String {
        let rows = rows
        let groups = stores.map { store in
            BarChart.Group(
                store.store.name,
                rows.filter { $0.store == store.store }.map { row in
                    BarChart.Bar(row.path.name, row[keyPath: value], note: note(row), isPeer: row.path == .naive)
                })
        }
        return BarChart(title: title, groups: groups).svg
    }
}
