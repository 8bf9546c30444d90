import WAL

/// The benchmarks. Each one has its own log, except that ``recovery()`` opens the log of ``written()``.
struct BenchSuite: Sendable {
    private static let recordSize = 256
    private static let writersMax = 64

    let directory: String
    let duration: Duration
    /// The number of records that ``written()`` appends without waiting for durability.
    let recordCount: Int

    private func open(_ name: String, _ policy: WriteAheadLog.SyncPolicy) throws -> WriteAheadLog {
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = policy
        configuration.recoveryScope = .everything
        return try WriteAheadLog.openBlocking(at: "\(directory)/\(name)", configuration: configuration)
    }

    private var payload: [UInt8] {
        (0..<Self.recordSize).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    }

    func written() async throws -> BenchResult {
        let log = try open("written", .manual)
        let payload = payload
        let start = ContinuousClock.now
        // All appends are on this thread, and none suspends.
        func appendAll() throws { for _ in 0..<recordCount { try log.appendBlocking(payload.span.bytes) } }
        try appendAll()
        let seconds = start.duration(to: .now) / .seconds(1)
        try await log.close()
        return BenchResult(
            key: "written_appends_per_second", name: "Written appends, 1 thread",
            value: Double(recordCount) / seconds, unit: "records/s")
    }

    func durableAlone() async throws -> BenchResult {
        let latencies = try appendAlone()
        return BenchResult(
            key: "durable_appends_per_second_1", name: "Durable appends, 1 writer",
            value: Double(latencies.count) / (latencies.reduce(.zero, +) / .seconds(1)), unit: "records/s",
            latencies: latencies)
    }

    /// Appends from one thread, which leads each sync itself.
    private func appendAlone() throws -> [Duration] {
        let log = try open("alone", .always)
        let payload = payload
        let clock = ContinuousClock()
        let start = clock.now
        var last = start
        var latencies: [Duration] = []
        // At least one append, because the rate of none isn't a number.
        repeat {
            try log.appendBlocking(payload)
            let now = clock.now
            latencies.append(last.duration(to: now))
            last = now
        } while start.duration(to: last) < duration
        try log.closeBlocking()
        return latencies
    }

    func durableTogether() async throws -> BenchResult {
        let log = try open("together", .manual)
        let payload = payload
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + duration
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<Self.writersMax {
                group.addTask {
                    var latencies: [Duration] = []
                    var last = clock.now
                    repeat {
                        try await log.appendDurably(payload)
                        let now = clock.now
                        latencies.append(last.duration(to: now))
                        last = now
                    } while last < end
                    return latencies
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let seconds = start.duration(to: clock.now) / .seconds(1)
        try await log.close()
        return BenchResult(
            key: "durable_appends_per_second_64", name: "Durable appends, \(Self.writersMax) writers",
            value: Double(latencies.count) / seconds, unit: "records/s", latencies: latencies)
    }

    /// Measures the opening of the log that ``written()`` made.
    func recovery() async throws -> BenchResult {
        let log = try open("written", .manual)
        let report = log.recovery
        try await log.close()
        return BenchResult(
            key: "recovery_gigabytes_per_second", name: "Opening with every byte checked",
            value: Double(report.bytesScanned) / 1e9 / (report.duration / .seconds(1)), unit: "GB/s")
    }
}
