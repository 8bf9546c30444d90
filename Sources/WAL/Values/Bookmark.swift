/// What a producer wants to find again after a crash, such as how far it had read its input: stored with its records, in
/// one atomic append. Unlike a consumer's cursor it doesn't keep segments from being removed.
public struct Bookmark: Hashable, Sendable {
    /// 1 to 255 bytes of UTF-8. A later bookmark of the same name replaces it.
    public var name: String
    /// The producer's own number.
    public var position: UInt64
    /// Whatever else the producer needs; at most 1024 bytes.
    public var metadata: [UInt8]

    /// Makes a bookmark.
    public init(name: String, position: UInt64, metadata: [UInt8] = []) {
        self.name = name
        self.position = position
        self.metadata = metadata
    }
}
