internal import WAL

/// The place where a consumer keeps its position, and the log that it reads.
protocol ConsumerPlace: AnyObject, Sendable {
    /// The state of the consumer at its start.
    var beginning: ConsumerBeginning { get }
    /// The time after which the position must be saved again although it hasn't moved; nil if never.
    var renewalInterval: Duration? { get }

    /// Returns a reader of the records after a position; without one, from the first that is still in the log.
    func reader(after position: SequenceNumber?) -> LogReader
    /// Counts this start as one that may have delivered the record after its position. Called before the first delivery of
    /// each iteration. Only the first call changes something.
    func noteDelivery() async throws(WALError)
    /// Saves a position. Positions only rise.
    func save(_ position: SequenceNumber) async throws(WALError)
    /// Saves the last position, and gives up the name. `isDone` states whether every delivery is acknowledged.
    func close(at position: SequenceNumber, isDone: Bool) async throws(WALError)
    /// Returns the log for records that the consumer sets aside.
    func deadLetters() async throws(WALError) -> DeadLetterLog
}

/// The state of a consumer at its start.
struct ConsumerBeginning: Sendable {
    var position: SequenceNumber
    /// Whether the consumer begins with the first record that is still in the log, regardless of its number.
    var isAtFirst: Bool
    /// The number of earlier starts that may have delivered the first record after the position.
    var attempts: Int
    /// The last record in the log.
    var last: SequenceNumber
}
