/// A named position that a producer stores with its records, in one atomic append, and reads back after a crash.
///
/// A typical position is the offset that the producer has reached in its input. Unlike a consumer's cursor, a bookmark
/// doesn't keep segments from being removed.
public struct Bookmark: Hashable, Sendable {
    /// The bookmark's name: 1 to 255 bytes of UTF-8. A later bookmark with this name replaces it.
    public var name: String
    /// The producer's own position.
    public var position: UInt64
    /// The producer's own data, at most 1024 bytes.
    public var metadata: [UInt8]

    /// Makes a bookmark.
    public init(name: String, position: UInt64, metadata: [UInt8] = []) {
        self.name = name
        self.position = position
        self.metadata = metadata
    }
}
