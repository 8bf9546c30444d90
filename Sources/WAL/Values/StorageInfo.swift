/// The storage of a log, and the failures that its records survive there.
public struct StorageInfo: Hashable, Sendable, Decodable {
    /// The failures that durable records survive.
    public enum Durability: String, Hashable, Sendable, Decodable {
        /// A loss of power, if the disk keeps the writes that it has confirmed.
        case powerLoss
        /// The end of the process only.
        case processCrash
        /// Only failures that leave the container in place. Records on a volume survive its removal.
        case container
        /// Unknown failures, because the file system doesn't report its durability.
        case unknown
        /// Perhaps no loss of power: syncs are too fast for a disk.
        case doubtful
    }

    /// The failures that durable records survive.
    public var durability: Durability
    /// The durability in one sentence.
    public var explanation: String
    /// The kind of the file system.
    public var fileSystem: String
    /// The device or server that is mounted; nil if the system doesn't report it.
    public var device: String?
    /// The options of the mount; nil if the system doesn't report them.
    public var mountOptions: String?
    /// Whether the disk has a cache that a loss of power empties; nil if the system doesn't report it.
    public var hasWriteCache: Bool?
}
