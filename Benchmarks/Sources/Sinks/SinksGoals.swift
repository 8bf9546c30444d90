import BenchmarkReport

extension SinksResults {
    /// The project's goals, as ratios, because they hold on other machines, too.
    var goals: [Goal] {
        let callers = latencies.samples
        return [
            ratio(1, .postgres, .batched(size: 500, workers: 1), 10),
            ratio(2, .postgres, .batched(size: 2000, workers: 1), 14),
            ratio(3, .postgres, .batched(size: 500, workers: 4), 20),
            Goal(
                4, "PostgreSQL, batches of 500: server CPU a record, of row by row", .atMost, 0.2,
                measured: timeShare(.postgres, .batched(size: 500, workers: 1))),
            ratio(5, .sqlite, .batched(size: 500, workers: 1), 9),
            ratio(6, .sqlite, .batched(size: 2000, workers: 1), 14),
            ratio(7, .mariadb, .batched(size: 500, workers: 1), 13),
            ratio(8, .mariadb, .batched(size: 2000, workers: 1), 17),
            Goal(
                9, "Bursts: task rows written for each save", .atMost, 0.2,
                measured: StoreKind.allCases.compactMap { row($0, .burst(size: 2000))?.rowShare }.max()),
            Goal(
                10, "save(task), p50", .atMost, 1, unit: " µs", measured: callers.map { $0.buffered.p50 / 1000 }),
            Goal(
                11, "save(task), p50: times less than the database's own", .atLeast, 200,
                measured: callers.map { $0.direct.p50 / $0.buffered.p50 }),
        ]
            + ownGoals
    }

    private var ownGoals: [Goal] {
        StoreKind.allCases.enumerated().flatMap { index, store in
            [500, 2000].enumerated().map { place, size in
                Goal(
                    12 + 2 * index + place,
                    "\(store.name), own statements, batches of \(size): records a second, to the task sink", .atLeast,
                    0.9,
                    unit: "×", measured: row(store, .own(size: size))?.taskSinkRatio?.median)
            }
        }
    }

    private func ratio(_ number: Int, _ store: StoreKind, _ path: WritePath, _ goal: Double) -> Goal {
        Goal(
            number, "\(store.name), \(path.name): records a second, to row by row", .atLeast, goal, unit: "×",
            measured: row(store, path)?.ratio.median)
    }

    private func timeShare(_ store: StoreKind, _ path: WritePath) -> Double? {
        guard let naive = row(store, .naive), let batched = row(store, path), naive.databaseTime.median > 0 else {
            return nil
        }
        return batched.databaseTime.median / naive.databaseTime.median
    }
}
