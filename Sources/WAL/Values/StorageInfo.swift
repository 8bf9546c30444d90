/// The storage that a log is on, and what its records survive there.
public struct StorageInfo: Hashable, Sendable, Decodable {
    /// What durable records survive.
    public enum Durability: String, Hashable, Sendable, Decodable {
        /// A loss of power, if the disk keeps what it has confirmed.
        case powerLoss
        /// The end of the process only.
        case processCrash
        /// The removal of the container only by a volume.
        case container
        /// The file system doesn't say.
        case unknown
        /// A loss of power perhaps not: syncs are too fast for a disk.
        case doubtful
    }

    public var durability: Durability
    /// The durability in one sentence.
    public var explanation: String
    /// The kind of the file system.
    public var fileSystem: String
    /// The device or server that is mounted; nil if the system doesn't say.
    public var device: String?
    public var mountOptions: String?
    /// Whether the disk has a cache that a loss of power empties; nil if the system doesn't say.
    public var hasWriteCache: Bool?
}
