public import WAL

extension WriteAheadLog {
    /// Returns a consumer of the log, which keeps its position in the log's cursor `consumer/NAME`.
    ///
    /// Retention keeps the records that the consumer hasn't acknowledged. A bookmark of the cursor's name counts the starts.
    ///
    /// - Parameters:
    ///   - name: The consumer's name: 1 to 64 letters and digits of ASCII, hyphens and underscores.
    ///   - configuration: The consumer's settings.
    ///   - visibility: Whether records are delivered before they are durable. A power loss that takes a record takes the position after
    ///     it, too, because the log has both in order.
    /// - Throws: `WALError.Code.locked` while another consumer of this name is open; `invalidArgument` if the name or
    ///   the configuration isn't allowed; the codes of `setCursor(_:to:)`.
    public func consumer(
        _ name: String, configuration: ConsumerConfiguration = ConsumerConfiguration(),
        visibility: ReadVisibility = .durable
    ) throws(WALError) -> Consumer<LogEntry> {
        try Consumer(name, of: self, configuration, visibility: visibility) { $0 }
    }
}

extension ReadOnlyLog {
    /// Returns a consumer of the log, which keeps its position in the file `consumers/NAME` of the log's directory. Suspends until the
    /// file is durable.
    ///
    /// The log's writer keeps the records that the consumer hasn't acknowledged, within the lease. A record is delivered once the log's
    /// files prove it durable: in an idle log about 100 ms after its sync, and after the death of the writer at the log's next opening.
    ///
    /// - Parameters:
    ///   - name: The consumer's name: 1 to 64 letters and digits of ASCII, hyphens and underscores.
    ///   - configuration: The consumer's settings.
    ///   - lease: The limits within which the log's writer keeps records for the consumer.
    /// - Throws:
    ///   - `WALError.Code.locked` while another consumer of this name is open, in any process.
    ///   - `corrupted` if the file isn't whole.
    ///   - `versionTooNew` if a newer version wrote the file.
    ///   - `notALogDirectory` if the file belongs to another log.
    ///   - `sinkAhead` if the log ends before the consumer's position.
    ///   - `invalidArgument` if an argument is out of its range.
    ///   - `inputOutput` if a file can't be read or written.
    public func consumer(
        named name: String, configuration: ConsumerConfiguration = ConsumerConfiguration(),
        lease: ConsumerLease = ConsumerLease()
    ) async throws(WALError) -> Consumer<LogEntry> {
        try await Consumer.make(name, of: self, configuration, lease: lease) { $0 }
    }
}
