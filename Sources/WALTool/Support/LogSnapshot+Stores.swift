import WAL
import WALMonitor
import WALTasks

extension StoreInspector {
    /// Returns the number of a log's dead letters.
    func deadLetterCount(log: LogID) async throws -> Int {
        var count = 0
        var previous: StoredDeadLetter.ID?
        while true {
            let page = try await deadLetters(log: log, after: previous, limit: 1000)
            guard let last = page.last else { return count }
            count += page.count
            previous = last.id
        }
    }
}

extension LogSnapshot {
    /// Asks a store for its dead letters, because the status has only the number of those since the writer's start. Returns whether
    /// the store answers.
    mutating func ask(_ argument: StoreArgument, about log: LogID) async -> LogCheck.Item {
        do {
            let store = try await argument.inspect()
            let name = store.name
            let count = try await store.deadLetterCount(log: log)
            try await store.close()
            for index in status.sinks.indices where status.sinks[index].name == name {
                status.sinks[index].deadLetters = UInt64(count) + keptDeadLetters[name, default: 0]
            }
            return LogCheck.Item("store", .ok, "the store \(name) is reachable")
        } catch {
            return LogCheck.Item(
                "store", .critical, "a store isn't reachable: \(error)",
                next: "start the database, or correct the address")
        }
    }
}
