import BenchmarkReport
import Foundation
import Histogram
import WALTasks

/// How long the caller waits for one task to be saved: through the buffer, and by a statement of its own. Over all rounds.
struct CallerLatencies {
    private(set) var store: StoreKind?
    private var buffered = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    private var direct = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    /// Saves come in groups of 200 with ten milliseconds between them: below 20,000 a second, as a busy service has them,
    /// and not as fast as they can, which no database would follow.
    private static let groupSize = 200
    private static let pause = Duration.milliseconds(10)

    mutating func measure(_ database: some Database, scale: Scale, scratch: String) async throws {
        store = database.kind
        try await measureBuffered(database, Workload.tasks(scale.bufferedCalls), scratch)
        try await measureDirect(database, Workload.tasks(scale.naiveCalls))
    }

    private mutating func measureBuffered(
        _ database: some Database, _ tasks: [PersistentTask], _ scratch: String
    ) async throws {
        try await database.makeTables()
        let directory = scratch + "/log-" + UUID().uuidString
        let storage = try await BufferedTaskStorage.open(
            at: directory, store: try await database.openStore(writeConnections: 2))
        for (index, task) in tasks.enumerated() {
            let started = ContinuousClock.now
            try await storage.save(task)
            buffered.record(started.duration(to: .now).nanoseconds)
            if index % Self.groupSize == Self.groupSize - 1 { try await Task.sleep(for: Self.pause) }
        }
        try await storage.close()
        try FileManager.default.removeItem(atPath: directory)
    }

    private mutating func measureDirect(_ database: some Database, _ tasks: [PersistentTask]) async throws {
        try await database.makeTables()
        let connection = try database.connect()
        try connection.prepare()
        for row in tasks.map({ NaiveRow($0) }) {
            let started = ContinuousClock.now
            try connection.write(row)
            direct.record(started.duration(to: .now).nanoseconds)
        }
    }

    /// The buffered one comes first; nil if nothing was measured.
    var samples: (buffered: LatencySample, direct: LatencySample)? {
        guard let store else { return nil }
        return (LatencySample("save(task)", buffered), LatencySample("\(store.name), one row", direct))
    }
}

extension Duration {
    fileprivate var nanoseconds: UInt64 {
        UInt64(max(0, components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000))
    }
}
