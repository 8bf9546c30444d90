public import WAL
public import WALDelivery

extension Journal {
    /// Returns a consumer of the journal, which keeps its position in the log's cursor `consumer/NAME`.
    ///
    /// The parameters and errors are those of `WriteAheadLog.consumer(_:configuration:visibility:)`.
    ///
    /// - Parameters:
    ///   - name: The consumer's name: 1 to 64 ASCII letters and digits, hyphens and underscores.
    ///   - configuration: The consumer's settings.
    ///   - visibility: Whether events are delivered before they are durable.
    /// - Throws: `WALError.Code.locked` while another consumer of this name is open; `invalidArgument` for the name or
    ///   the configuration; the errors of `WriteAheadLog.setCursor(_:to:)`.
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
    /// Suspends until the file is durable. The parameters and errors are those of
    /// `ReadOnlyLog.consumer(named:configuration:lease:)`.
    ///
    /// - Parameters:
    ///   - name: The consumer's name: 1 to 64 ASCII letters and digits, hyphens and underscores.
    ///   - configuration: The consumer's settings.
    ///   - lease: The limits for the records that the log's writer keeps for the consumer.
    /// - Throws: `WALError.Code.locked` while a consumer of this name is open in any process; `invalidArgument` for an
    ///   argument; the other errors of `ReadOnlyLog.consumer(named:configuration:lease:)`.
    public func consumer(
        named name: String, configuration: ConsumerConfiguration = ConsumerConfiguration(),
        lease: ConsumerLease = ConsumerLease()
    ) async throws(WALError) -> Consumer<JournalEntry<Event>> {
        try await Consumer.make(name, of: log, configuration, lease: lease) { [format] in format.decode($0) }
    }
}
