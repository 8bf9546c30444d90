import BenchmarkReport
import Foundation
import Histogram
import WALTasks

/// The time that a caller waits for the save of one task, through the buffer and by a statement, over all rounds.
struct CallerLatencies {
    private(set) var store: StoreKind?
    private var buffered = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    private var away = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    private var direct = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    /// Saves come in groups of 200 with ten milliseconds between them: below 20,000 a second, as a busy service has them,
    /// and not as fast as they can, which no database would follow. A group's tasks are made right before it, as a service's are.
    private static let groupSize = 200
    private static let pause = Duration.milliseconds(10)

    struct Missing: Error, CustomStringConvertible {
        let expected, found: Int
        var description: String { "\(expected) tasks were saved, and \(found) have arrived" }
    }

    mutating func measure(_ database: some Database, scale: Scale, scratch: String) async throws {
        store = database.kind
        try await withStorage(database, scratch) { storage in
            try await save(0..<scale.bufferedCalls, in: storage, &buffered)
        }
        try await measureDirect(database, scale.naiveCalls)
    }

    /// The latencies of these calls after a crash of the server. The saved tasks must arrive once the server is available.
    mutating func measure(_ database: some Database, awayFrom server: PrivateServer, calls: Int, scratch: String)
        async throws
    {
        try await withStorage(database, scratch) { storage in
            try server.run("crash")
            try await save(0..<calls, in: storage, &away)
            try server.run("start")
        }
        let found = try database.contents().tasks
        guard found == calls else { throw Missing(expected: calls, found: found) }
    }

    private func withStorage<Sinks: Database>(
        _ database: Sinks, _ scratch: String, _ body: (BufferedTaskStorage<Sinks.Store>) async throws -> Void
    ) async throws {
        try await database.makeTables()
        let directory = scratch + "/log-" + UUID().uuidString
        let storage = try await BufferedTaskStorage.open(
            at: directory, store: try await database.openStore(writeConnections: 2))
        try await body(storage)
        try await storage.drain()
        try await storage.close()
        try FileManager.default.removeItem(atPath: directory)
    }

    private func save(
        _ numbers: Range<Int>, in storage: some TaskStorage, _ histogram: inout Histogram<UInt64>
    ) async throws {
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: Self.groupSize) {
            for task in Workload.tasks(start..<min(start + Self.groupSize, numbers.upperBound)) {
                let started = ContinuousClock.now
                try await storage.save(task)
                histogram.record(started.duration(to: .now).nanoseconds)
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    private mutating func measureDirect(_ database: some Database, _ count: Int) async throws {
        try await database.makeTables()
        let connection = try database.connect()
        try connection.prepare()
        for start in stride(from: 0, to: count, by: Self.groupSize) {
            for row in Workload.tasks(start..<min(start + Self.groupSize, count)).map({ NaiveRow($0) }) {
                let started = ContinuousClock.now
                try connection.write(row)
                direct.record(started.duration(to: .now).nanoseconds)
            }
        }
    }

    /// The buffered one comes first; nil if nothing was measured.
    var samples: (buffered: LatencySample, direct: LatencySample)? {
        guard let store else { return nil }
        return (LatencySample("save(task)", buffered), LatencySample("\(store.name), one row", direct))
    }

    /// Nil if that wasn't measured.
    var awaySample: LatencySample? {
        guard let store, away.totalCount > 0 else { return nil }
        return LatencySample("save(task), \(store.name) away", away)
    }

    /// In the order of tables.
    var all: [LatencySample] {
        guard let samples else { return [] }
        return [samples.buffered] + (awaySample.map { [$0] } ?? []) + [samples.direct]
    }
}

extension Duration {
    fileprivate var nanoseconds: UInt64 {
        UInt64(max(0, components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000))
    }
}
