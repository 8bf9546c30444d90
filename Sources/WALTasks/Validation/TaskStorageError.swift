/// What went wrong in a task storage, and whether trying again can help.
public struct TaskStorageError: Error, Sendable {
    /// The kind of an error. More kinds may come: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// An id is empty or longer than 512 bytes of UTF-8.
        public static let invalidID = Code("invalidID")
        /// A string holds U+0000, which databases refuse.
        public static let nulCharacter = Code("nulCharacter")
        /// A payload, or an activity's data, isn't JSON (RFC 8259), or is nested deeper than 512 levels.
        public static let invalidJSON = Code("invalidJSON")
        /// A time is beyond the years 1 to 9999; see ``TaskMutation/timeRange``.
        public static let invalidTime = Code("invalidTime")
        /// An argument is out of its range.
        public static let invalidArgument = Code("invalidArgument")
        /// The storage was closed.
        public static let closed = Code("closed")
        /// The log refused; see ``TaskStorageError/cause``.
        public static let logFailed = Code("logFailed")
        /// Delivery to the store ended before its time; see ``TaskStorageError/cause``. What is in the log stays there.
        public static let deliveryFailed = Code("deliveryFailed")
        /// The store can't be reached, or doesn't answer, and the call needs it; see ``TaskStorageError/cause``. Try again when
        /// the store is back.
        public static let storeAway = Code("storeAway")
        /// Another owner has claimed the lanes since.
        public static let fenced = Code("fenced")
        /// The lanes were counted differently when the store was first used with this log.
        public static let laneCountChanged = Code("laneCountChanged")
    }

    /// The kind of the error.
    public var code: Code
    /// What happened, and the remedy, as a sentence.
    public var message: String
    /// The error below this one, where there was one.
    public var cause: (any Error)?
    /// Whether the same call can succeed later without anything being changed.
    public var isRetriable: Bool
    /// How many log records weren't delivered; only with ``Code/deliveryFailed``.
    public var remaining: UInt64

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, isRetriable: Bool = false, remaining: UInt64 = 0
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.isRetriable = isRetriable
        self.remaining = remaining
    }
}

extension TaskStorageError: CustomStringConvertible {
    public var description: String {
        let below = cause.map { ": \($0)" } ?? ""
        return "\(code): \(message)\(below)"
    }
}
