/// The reason why bytes aren't an encoded ``TaskMutation``.
public struct TaskCodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of an error. More kinds may come: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// The first byte isn't a version that this codec knows.
        public static let unknownVersion = Code("unknownVersion")
        /// The second byte isn't a kind that this codec knows.
        public static let unknownKind = Code("unknownKind")
        /// The bytes end inside a field.
        public static let truncated = Code("truncated")
        /// A field has a value that no encoder writes.
        public static let invalidField = Code("invalidField")
        /// Bytes follow the last field.
        public static let trailingBytes = Code("trailingBytes")
    }

    /// The kind of the error.
    public var code: Code
    /// The offset of the error from the start of the payload, in bytes.
    public var offset: Int

    /// Makes an error.
    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    public var description: String { "\(code) at byte \(offset)" }
}
