public import WAL
public import WALDelivery

extension Journal {
    /// Returns a consumer of the journal, which keeps its position in the log's cursor `consumer/NAME`.
    ///
    /// Takes the arguments of `WriteAheadLog.consumer(_:configuration:visibility:)`, and throws its errors.
    public func consumer(
        _ name: String, configuration: ConsumerConfiguration = ConsumerConfiguration(),
        visibility: ReadVisibility = .durable
    ) throws(WALError) -> Consumer<JournalEntry<Event>> {
        try Consumer(name, of: log, configuration, visibility: visibility) { [format] in format.decode($0) }
    }
}

extension ReadOnlyJournal {
    /// Returns a consumer of the journal, which keeps its position in the file `consumers/NAME` of the log's directory.
    ///
    /// Takes the arguments of `ReadOnlyLog.consumer(named:configuration:lease:)`, and throws its errors.
    public func consumer(
        named name: String, configuration: ConsumerConfiguration = ConsumerConfiguration(),
        lease: ConsumerLease = ConsumerLease()
    ) async throws(WALError) -> Consumer<JournalEntry<Event>> {
        try await Consumer.make(name, of: log, configuration, lease: lease) { [format] in format.decode($0) }
    }
}
