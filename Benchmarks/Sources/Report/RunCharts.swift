import BenchmarkKit
import BenchmarkReport

/// The charts of a run.
struct RunCharts {
    private let run: Run
    private var set: SampleSet { run.set }

    init(_ run: Run) {
        self.run = run
    }

    struct Chart {
        let svg: String
        let text: String
    }

    /// The chart for the README.
    var headline: String {
        BarChart(
            title: "Records of 256 bytes a second",
            groups: [
                group("Written, 1 thread, 1 GiB", Comparison("written", Setup(payload: 256, writers: 1))),
                group("Durable, 64 threads", Comparison("durable", Setup(payload: 256, writers: 64))),
                group(
                    "Durable batches of 100, 1 thread", Comparison("durable-batches", Setup(payload: 256, writers: 1))),
                group("Read and verified, in order", Comparison("read", Setup(payload: 256))),
            ], scaleEach: true
        ).svg
    }

    var throughput: Chart {
        Chart(
            svg: headline,
            text:
                "Blue: swift-wal. Grey: other libraries. Sand: a C loop that does nothing else. Each group has its own scale."
        )
    }

    var payloads: Chart? {
        let groups = comparisons("burst") { $0.setup.writers == 1 }.map { comparison in
            group("\(comparison.setup.payload ?? 0) B, 1 thread", comparison)
        }
        guard groups.count > 1 else { return nil }
        return Chart(
            svg: BarChart(title: "Records a second, bursts into prepared segments", groups: groups, scaleEach: true)
                .svg,
            text:
                "Everything is ready and mapped before the clock starts; the C loop and memcpy do the same work by themselves."
        )
    }

    /// Charts over the number of threads or tasks.
    var scaling: [Chart] {
        [
            scalingChart("burst", "Threads that append bursts at the same time, 256 B", "threads"),
            scalingChart("written", "Threads that append 1 GiB, 256 B", "threads"),
            scalingChart("durable", "Threads that append durably, 256 B", "threads"),
            scalingChart("durable-tasks", "Tasks that append durably, 256 B", "tasks"),
        ].compactMap { $0 }
    }

    var latencies: [Chart] {
        [
            latencyChart(
                Comparison("written-latency", Setup(payload: 256, writers: 1)), "One written append, one after another",
                ""),
            latencyChart(
                Comparison("open-loop-latency", Setup(payload: 256, writers: 1)),
                "One written append, 500,000 a second",
                "Open loop: each has its time, and what it waits for those before it counts."),
            latencyChart(Comparison("durable", Setup(payload: 256, writers: 1)), "One durable append, 1 thread", ""),
            latencyChart(Comparison("durable", Setup(payload: 256, writers: 64)), "One durable append, 64 threads", ""),
            latencyChart(Comparison("find", Setup(payload: 256)), "One record by its number", ""),
        ].compactMap { $0 }
    }

    /// Charts over the size of the log.
    var growth: Chart? {
        let all = comparisons("history-sparse") { _ in true }
        func line(_ name: String, _ quantity: Quantity, _ role: Contender.Role) -> LineChart.Series {
            LineChart.Series(
                name, role,
                all.compactMap { comparison in
                    set.spread(comparison, .log, quantity).map { (comparison.setup.text, $0) }
                })
        }
        let lines = [
            line("open, closed", .open, .ours), line("open, killed", .openKilled, .limit), line("seek", .seek, .peer),
        ]
        guard all.count > 1 else { return nil }
        return Chart(
            svg: LineChart(
                title: "What opening and finding take as the log grows", axis: "in the log", series: lines,
                text: { Figure.time(nanoseconds: $0) }
            ).svg,
            text: "Real segments of 64 MiB with holes in their middles, so that they fit on the disk.")
    }

    private func comparisons(_ measure: String, where isWanted: (Comparison) -> Bool) -> [Comparison] {
        set.comparisons.filter { $0.measure == measure && isWanted($0) }
    }

    private func group(_ title: String, _ comparison: Comparison) -> BarChart.Group {
        let bars = set.contenders(comparison).compactMap { contender in
            set.spread(comparison, contender, .recordsPerSecond).map { spread in
                BarChart.Bar(short(contender), spread, note: Figure.short(spread.median), role: contender.role)
            }
        }
        return BarChart.Group(title, bars.sorted { $0.spread.median > $1.spread.median })
    }

    private func short(_ contender: Contender) -> String {
        contender.name.replacing(", a second thread preparing", with: ", preparing")
    }

    private func scalingChart(_ measure: String, _ title: String, _ axis: String) -> Chart? {
        let all = comparisons(measure) { $0.setup.payload == 256 }
        guard all.count > 1 else { return nil }
        let contenders = all.flatMap { set.contenders($0) }.unique
        let series = contenders.compactMap { contender -> LineChart.Series? in
            let points = all.compactMap { comparison in
                set.spread(comparison, contender, .recordsPerSecond).map {
                    (step: "\(comparison.setup.writers ?? 0)", spread: $0)
                }
            }
            return points.count > 1 ? LineChart.Series(short(contender), contender.role, points) : nil
        }
        return Chart(svg: LineChart(title: title, axis: axis, series: series).svg, text: "Records a second.")
    }

    private func latencyChart(_ comparison: Comparison, _ title: String, _ text: String) -> Chart? {
        let found = run.results.latencies.filter { $0.comparison == comparison }
        let order = set.contenders(comparison)
        let sorted = found.sorted { left, right in
            (order.firstIndex(of: left.contender) ?? 0) < (order.firstIndex(of: right.contender) ?? 0)
        }
        guard !sorted.isEmpty else { return nil }
        return Chart(
            svg: LatencyChart(
                title: title, series: sorted.map { ($0.sample.named(short($0.contender)), $0.contender.role) }
            ).svg,
            text: text.isEmpty ? "Closed loop: the next call starts when the last one has ended." : text)
    }
}
