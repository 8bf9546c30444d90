import BenchmarkReport

/// The results on a terminal.
struct SinksTable {
    let results: SinksResults

    /// SQLite's CPU time is the process's own.
    static func header(_ store: StoreKind) -> [String] {
        let time = store == .sqlite ? "µs CPU/record" : "µs server CPU/record"
        return [store.name, "records/s", "× row by row", "× task sink", time, "rows/record"]
    }

    static func cells(_ row: SinksResults.Row) -> [String] {
        [
            row.path.name, Figure.short(row.rate), Figure.short(row.ratio),
            row.taskSinkRatio.map { Figure.short($0) } ?? "", Figure.short(row.databaseTime),
            Figure.short(row.rowShare),
        ]
    }

    static let latencyHeader = ["caller", "calls", "p50", "p99", "p99.9", "max"]

    static func cells(_ sample: LatencySample) -> [String] {
        [sample.name, String(sample.count)]
            + [sample.p50, sample.p99, sample.p999, sample.max].map { Figure.time(nanoseconds: $0) }
    }

    var text: String {
        let rows = results.rows
        var parts = results.stores.map { store in
            var table = TextTable(Self.header(store.store))
            for row in rows where row.store == store.store { table.add(Self.cells(row)) }
            return table.text
        }
        if !results.latencies.all.isEmpty {
            var table = TextTable(Self.latencyHeader)
            for sample in results.latencies.all { table.add(Self.cells(sample)) }
            parts.append(table.text)
        }
        var goals = TextTable(["goal", "limit", "measured", "met"])
        for goal in results.goals {
            goals.add([
                "\(goal.number). \(goal.text)", goal.limit, goal.measured.map { Figure.short($0) + goal.unit } ?? "–",
                goal.met.map { $0 ? "yes" : "no" } ?? "–",
            ])
        }
        return (parts + [goals.text]).joined(separator: "\n")
    }
}
