package import WAL

/// The read-only queries of a store for inspection. They create, migrate, claim and write nothing, and report an
/// error if the store's data doesn't exist.
package protocol StoreInspector: Sendable {
    /// The store's name in a log's cursors; see `TaskStore.name`.
    var name: String { get }
    /// Returns the lanes of a log, as `CheckpointStore.checkpoints(log:)` does.
    func checkpoints(log: LogID) async throws -> [SinkCheckpoint]
    /// Returns dead letters, as `DeadLetterStore.deadLetters(log:after:limit:)` does.
    func deadLetters(log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int) async throws -> [StoredDeadLetter]
    func close() async throws
}
