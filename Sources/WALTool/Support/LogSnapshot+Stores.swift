import WAL
import WALMonitor
import WALTasks

extension StoreInspector {
    /// Returns the number of a log's dead letters in the store.
    func deadLetterCount(log: LogID) async throws -> Int {
        var letters = StoredLetters { try await self.deadLetters(log: log, after: $0, limit: 1000) }
        var count = 0
        while try await letters.next() != nil { count += 1 }
        return count
    }
}

/// The answer of a store about a log. The status of the log's writer has only the number of dead letters since the
/// writer's start.
struct StoreAnswer {
    let item: LogCheck.Item
    /// The store's name and the number of its dead letters; nil if the store doesn't answer or has no tables for tasks.
    let deadLetters: (store: String, count: Int)?

    static func of(_ argument: StoreArgument, about log: LogID) async -> StoreAnswer {
        do {
            let store = try await argument.inspect()
            let name = store.name
            let count = try await store.deadLetterCount(log: log)
            try await store.close()
            return StoreAnswer(
                item: LogCheck.Item("store", .ok, "the store \(name) is reachable"), deadLetters: (name, count))
        } catch let error as StoreError where error.code == .noTaskTables {
            return StoreAnswer(item: LogCheck.Item("store", .ok, error.message), deadLetters: nil)
        } catch {
            return StoreAnswer(
                item: LogCheck.Item(
                    "store", .critical, "a store isn't reachable: \(error)",
                    next: "start the database, or correct the address"),
                deadLetters: nil)
        }
    }
}

extension LogSnapshot {
    /// Replaces the number of dead letters in the status by the number in a store.
    mutating func take(_ answer: StoreAnswer) {
        guard let (name, count) = answer.deadLetters else { return }
        for index in status.sinks.indices where status.sinks[index].name == name {
            status.sinks[index].deadLettersInSink = UInt64(count)
        }
    }
}
