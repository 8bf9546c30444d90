internal import WAL

/// The place of a consumer in another process than the writer: its file in the log's folder `consumers`.
final class FilePlace: ConsumerPlace {
    let beginning: ConsumerBeginning
    let renewalInterval: Duration?

    private let log: ReadOnlyLog
    private let owner: ConsumerOwner

    init(
        _ name: String, in log: ReadOnlyLog, start: ConsumerConfiguration.Start, lease: ConsumerLease
    ) async throws(WALError) {
        (owner, beginning) = try await Blocking.run { () throws(WALError) in
            let owner = try ConsumerOwner(
                name, of: log, lifetime: lease.lifetime, pinnedBytesMax: lease.maxPinnedBytes
            ) { () throws(WALError) in
                // A position past the durable records would skip those that get the numbers again after a power loss.
                try start.position(first: log.firstSequence, last: log.durableSequence)
            }
            var position = owner.position
            if owner.isNew, start == .first {
                // Once the file exists, the writer keeps records for the consumer. It may have removed some just
                // before.
                position = max(position, try start.position(first: log.firstSequence, last: .zero))
                if position > owner.position { try owner.save(position) }
            }
            let beginning = ConsumerBeginning(
                position: position, isAtFirst: false, attempts: owner.attempts, last: try log.lastSequence)
            return (owner, beginning)
        }
        self.log = log
        renewalInterval = lease.lifetime / 4
    }

    /// Reads only durable records. After a power loss, others could get the numbers of records that the saved position has passed.
    func reader(after position: SequenceNumber?) -> LogReader {
        log.reader(from: position?.next, visibility: .durable)
    }

    func noteDelivery() async throws(WALError) {
        try await Blocking.run { [owner] () throws(WALError) in try owner.noteDelivery() }
    }

    func save(_ position: SequenceNumber) async throws(WALError) {
        try await Blocking.run { [owner] () throws(WALError) in try owner.save(position) }
    }

    func close(at position: SequenceNumber, isDone: Bool) async throws(WALError) {
        try await Blocking.run { [owner] () throws(WALError) in try owner.end(at: position, isDone: isDone) }
    }

    func deadLetters() async throws(WALError) -> DeadLetterLog {
        // The writer's process may have the log's own dead letters open, and a log has one writer.
        try await Blocking.run { [owner] () throws(WALError) in
            DeadLetterLog.of(logDirectory: try owner.parkedFolder())
        }
    }
}
