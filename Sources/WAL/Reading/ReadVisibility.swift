/// The records that a reader returns.
public enum ReadVisibility: Hashable, Sendable {
    /// All appended records, including those that a power loss could remove.
    ///
    /// Don't forward such records to a system that you can't roll back.
    case written
    /// Only durable records.
    case durable
}
