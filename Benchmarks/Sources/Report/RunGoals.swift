import BenchmarkKit
import BenchmarkReport

/// The project's goals, relative to other figures of the same run.
extension Run {
    var goals: [Goal] { writingGoals + durableGoals + readingGoals + otherGoals + lineGoals + manyLogsGoals }

    private var writingGoals: [Goal] {
        let burst = Comparison("burst", Setup(payload: 256, writers: 1))
        let written = Comparison("written", Setup(payload: 256, writers: 1))
        let latency = Comparison("burst-latency", Setup(payload: 256, writers: 1))
        let shared = [256, 1024].flatMap { payload in
            [2, 8].map { Comparison("burst", Setup(payload: payload, writers: $0)) }
        }
        return [
            Goal(
                1, "Written append, 1 thread, burst into prepared segments: of the C loop", .atLeast, 0.85,
                measured: ofLimit(burst, "C loop")),
            Goal(
                2, "The same over 1 GiB: to the best of the others", .atLeast, 6, unit: "×",
                measured: ofBestPeer(written)),
            Goal(
                2, "The same over 1 GiB: of the C loop with a second thread preparing", .atLeast, 0.85,
                measured: ofLimit(written, "C loop, a second thread preparing")),
            Goal(
                3, "Written append, p99.9 in a burst", .atMost, 1, unit: " µs",
                measured: set.spread(latency, .log, .p999).map { $0.median / 1000 }),
            Goal(
                3, "Calls over 1 ms in a burst, more than in the C loop", .atMost, 0, measured: moreStalls(latency)),
            Goal(
                4, "2 and 8 threads, 256 B and 1 KiB, into prepared segments: of the C loop, the least of the four",
                .atLeast, 0.85,
                measured: least(shared) { ofLimit($0, "C loop") }),
            Goal(
                4, "The same to the best of the others, the least of the four", .atLeast, 10, unit: "×",
                measured: least(shared) { ofBestPeer($0) }),
        ]
    }

    private var durableGoals: [Goal] {
        func durable(_ writers: Int) -> Comparison { Comparison("durable", Setup(payload: 256, writers: writers)) }
        func tasks(_ writers: Int) -> Comparison { Comparison("durable-tasks", Setup(payload: 256, writers: writers)) }
        return [
            Goal(
                5, "Durable append, 1 thread, p50: to the better raw sync", .atMost, 1.1, unit: "×",
                measured: toBetterLimit(durable(1))),
            Goal(
                5, "Durable append, a lone task, p50: to the better raw sync", .atMost, 1.3, unit: "×",
                measured: toBetterLimit(tasks(1))),
            Goal(
                5, "The same by a task that prefers a BlockingExecutor", .atMost, 1.3, unit: "×",
                measured: toBetterLimit(Comparison("durable-task-executor", Setup(payload: 256, writers: 1)))),
            Goal(
                6, "Durable append, 64 threads: to the best of the others", .atLeast, 2, unit: "×",
                measured: ofBestPeer(durable(64))),
            Goal(
                7, "Durable appends a second by 64 tasks", .atLeast, 200_000,
                measured: set.spread(tasks(64), .log, .recordsPerSecond)?.median),
            Goal(
                7, "Durable appends a second by 10,000 tasks", .atLeast, 500_000,
                measured: set.spread(tasks(10_000), .log, .recordsPerSecond)?.median),
        ]
    }

    private var readingGoals: [Goal] {
        let read = Comparison("read", Setup(payload: 256))
        let scan = Comparison("recovery-scan", Setup(payload: 256))
        let slower = ["SQLite", "Berkeley DB", "LevelDB"]
        return [
            Goal(
                8, "Recovery scan, page cache warm: of a C scan by two threads with the same checksums", .atLeast, 0.85,
                measured: ofLimit(scan, "C scan, two threads")),
            Goal(8, "Verified read: of a C scan with the same checksums", .atLeast, 0.85, measured: ofLimit(read, "C scan")),
            Goal(
                8, "Verified read: to LMDB's unchecked cursor", .atLeast, 1, unit: "×",
                measured: ofBestPeer(read) { $0 == "LMDB" }),
            Goal(
                8, "Verified read: to the best of SQLite, Berkeley DB and LevelDB", .atLeast, 5, unit: "×",
                measured: ofBestPeer(read) { slower.contains($0) }),
            opening("history", 1, .open, "1 GiB, closed cleanly"),
            opening(
                "history", 1, .openKilledDurable,
                "1 GiB, after kill -9 with all of it durable, without the scan of the active segment"),
            opening("history-sparse", 64, .open, "64 GiB, closed cleanly"),
            opening("history-sparse", 64, .openKilledDurable, "64 GiB, after kill -9, in the same way"),
        ]
    }

    private func opening(_ measure: String, _ size: Int, _ quantity: Quantity, _ text: String) -> Goal {
        let comparison = Comparison(measure, Setup(history: size << 30))
        let time = set.spread(comparison, .log, quantity)?.median
        // At the pace that is the goal of a scan.
        let scan = quantity == .openKilledDurable ? (set.spread(comparison, .log, .scan)?.median ?? 0) / 0.8 : 0
        return Goal(9, "Open, \(text)", .atMost, 10, unit: " ms", measured: time.map { max(0, $0 - scan) / 1e6 })
    }

    private var otherGoals: [Goal] {
        let batches = Comparison("durable-batches", Setup(payload: 256, writers: 1))
        let allocations = Comparison("allocations-append", Setup(payload: 256, writers: 1))
        return [
            Goal(
                10, "save(task) buffered, 1 thread, calls a second", .atLeast, 1_500_000,
                measured: set.spread(Comparison("save"), .log, .recordsPerSecond)?.median),
            Goal(
                11, "Disk bytes a payload byte, 256 B", .atMost, 1.12,
                measured: set.spread(Comparison("disk", Setup(payload: 256)), .log, .bytesPerByte)?.median),
            Goal(
                11, "The loan log, sealed and compressed: of the plain one", .atMost, 0.2,
                measured: set.ratioToFirst(Comparison("lz4, sealed segments"), .log, .bytesPerByte)?.median),
            Goal(
                12, "Durable batches of 100, 1 writer: to the best of the others", .atLeast, 1.2, unit: "×",
                measured: ofBestPeer(batches)),
            Goal(
                13, "Allocations an append", .atMost, 0,
                measured: set.spread(allocations, .log, .allocations)?.median),
            Goal(
                14, "Journal append, JSON: of coding and appending by hand", .atLeast, 0.87,
                measured: ofLimit(Comparison("journal-json"), "by hand")),
        ]
    }

    private var lineGoals: [Goal] {
        [
            logCall("log-line", 1, "Log call, 1 thread, p99"),
            logCall("log-line", 8, "Log call, 8 threads, p99"),
            logCall("log-line-full-disk", 8, "Log call, 8 threads on a full disk, p99"),
        ]
    }

    private var manyLogsGoals: [Goal] {
        let many = Comparison("many-logs", Setup(logs: 1000))
        let busy = Comparison("busy-log", Setup(payload: 256, writers: 1))
        func measured(_ quantity: Quantity, per unit: Double = 1) -> Double? {
            set.spread(many, .log, quantity).map { $0.median / unit }
        }
        return [
            Goal(15, "1,000 logs: open all", .atMost, 3, unit: " s", measured: measured(.open, per: 1e9)),
            Goal(15, "1,000 logs: close all", .atMost, 3, unit: " s", measured: measured(.close, per: 1e9)),
            Goal(15, "1,000 logs: threads", .atMost, 24, measured: measured(.threads)),
            Goal(
                15, "1,000 logs: resident memory", .atMost, 128, unit: " MiB",
                measured: measured(.residentBytes, per: 1_048_576)),
            Goal(15, "A busy one of them: appends, to those of a log alone", .atLeast, 0.9, measured: ofLimit(busy, "a log alone")),
            Goal(
                15, "A busy one of them: the slowest append in its first second", .atMost, 5, unit: " ms",
                measured: set.spread(busy, .log, .slowest).map { $0.median / 1e6 }),
        ]
    }

    private func logCall(_ measure: String, _ threads: Int, _ text: String) -> Goal {
        let comparison = Comparison(measure, Setup(writers: threads))
        return Goal(14, text, .atMost, 2, unit: " µs", measured: set.spread(comparison, .log, .p99).map { $0.median / 1000 })
    }

    private func ofLimit(_ comparison: Comparison, _ limit: String) -> Double? {
        set.ratio(comparison, .log, to: Contender(limit, .limit), .recordsPerSecond)?.median
    }

    /// The ratio to the highest median among them.
    private func ofBestPeer(_ comparison: Comparison, where isWanted: (String) -> Bool = { _ in true }) -> Double? {
        let best = set.contenders(comparison).filter { $0.role == .peer && isWanted($0.name) }
            .compactMap { set.spread(comparison, $0, .recordsPerSecond)?.median }.max()
        guard let best, let own = set.spread(comparison, .log, .recordsPerSecond) else { return nil }
        return own.median / best
    }

    private func toBetterLimit(_ comparison: Comparison) -> Double? {
        let best = set.contenders(comparison).filter { $0.role == .limit }
            .compactMap { set.spread(comparison, $0, .p50)?.median }.min()
        guard let best, let own = set.spread(comparison, .log, .p50) else { return nil }
        return own.median / best
    }

    private func moreStalls(_ comparison: Comparison) -> Double? {
        guard let own = set.spread(comparison, .log, .stalls) else { return nil }
        return max(0, own.median - (set.spread(comparison, Contender("C loop", .limit), .stalls)?.median ?? 0))
    }

    private func least(_ comparisons: [Comparison], _ value: (Comparison) -> Double?) -> Double? {
        let values = comparisons.compactMap(value)
        return values.count == comparisons.count ? values.min() : nil
    }
}
