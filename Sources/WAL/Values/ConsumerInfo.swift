/// A consumer in another process than the log's writer, as its file in the folder `consumers` describes it.
public struct ConsumerInfo: Hashable, Sendable {
    /// The consumer's name, which is the file's name.
    public var name: String
    /// The last record that the consumer has processed.
    public var position: SequenceNumber
    /// The identifier of the owner's process; nil after an orderly end.
    public var process: Int?
    /// The time when the owner saved its position.
    public var savedAt: Timestamp
    /// The time from which the writer keeps no records for the consumer, unless it saves again.
    public var expiresAt: Timestamp
    /// The largest number of log bytes that the writer keeps for the consumer.
    public var maxPinnedBytes: Int
}

extension ConsumerInfo {
    /// The consumer's name among the log's cursors: the path of its file in the log's directory.
    public var path: String { "consumers/" + name }

    /// Whether the time ``expiresAt`` has passed. The log's writer decides by its own clock.
    public var isExpired: Bool { expiresAt <= .now }
}
