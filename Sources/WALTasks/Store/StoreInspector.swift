package import WAL

/// What can be asked of a store by those who only look: nothing is created, migrated, claimed or written, and what isn't
/// there is an error.
package protocol StoreInspector: Sendable {
    /// As `TaskStore.name`: the store's name in a log's cursors.
    var name: String { get }
    /// As `CheckpointStore.checkpoints(log:)`.
    func checkpoints(log: LogID) async throws -> [SinkCheckpoint]
    /// As `DeadLetterStore.deadLetters(log:after:limit:)`.
    func deadLetters(log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int) async throws -> [StoredDeadLetter]
    func close() async throws
}
