/// Which records a reader shows.
public enum ReadVisibility: Hashable, Sendable {
    /// Everything that was appended, also what a power loss would take back.
    case written
    /// Only what is durable.
    case durable
}
