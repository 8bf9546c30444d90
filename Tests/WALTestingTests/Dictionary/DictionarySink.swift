import WAL
import WALDelivery
import WALTesting

/// A sink over a ``DictionaryDatabase``.
struct DictionarySink: Sink {
    let database: DictionaryDatabase
    let name = "dictionary"
    let maxConcurrency = 4

    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try database.claim(lanes, of: laneCount, log: log)
    }

    func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
        database.positions(of: lanes, log: log)
    }

    func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        try await database.apply(batch)
    }

    func classify(_ error: any Error) -> SinkFailure {
        if database.has(.blamesRecords) { return .record(code: "any", reason: "\(error)") }
        return switch error {
        case DictionaryDatabase.Failure.fenced: .fenced
        case DictionaryDatabase.Failure.laneCount: database.has(.retriesOtherLaneCount) ? .transient : .fatal
        case DictionaryDatabase.Failure.refused:
            database.has(.failsAtPoison) ? .fatal : .record(code: "bad", reason: "not a change")
        default: .fatal
        }
    }

    func close() async {
        database.close()
    }
}
