/// An error of a task storage, with its remedy and whether a retry can help.
public struct TaskStorageError: Error, Sendable {
    /// The kind of an error. More kinds may come: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
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
        /// A time is outside of the years 1 to 9999; see ``TaskMutation/timeRange``.
        public static let invalidTime = Code("invalidTime")
        /// An argument is out of its range.
        public static let invalidArgument = Code("invalidArgument")
        /// The storage was closed.
        public static let closed = Code("closed")
        /// The log failed; see ``TaskStorageError/cause``.
        public static let logFailed = Code("logFailed")
        /// Delivery to the store ended early; see ``TaskStorageError/cause``. Undelivered records stay in the log.
        public static let deliveryFailed = Code("deliveryFailed")
        /// The store can't be reached or doesn't answer, and the call needs it; see ``TaskStorageError/cause``. Try
        /// again when the store is available.
        public static let storeAway = Code("storeAway")
        /// Another owner has claimed the lanes.
        public static let fenced = Code("fenced")
        /// The store was first used with another number of lanes for this log.
        public static let laneCountChanged = Code("laneCountChanged")
    }

    /// The kind of the error.
    public var code: Code
    /// The error and its remedy, as sentences.
    public var message: String
    /// The underlying error, if any.
    public var cause: (any Error)?
    /// Whether the same call can succeed later without any other change.
    public var isRetriable: Bool
    /// The number of undelivered records of the log; only with ``Code/deliveryFailed``.
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
        let below = cause.map { " Cause: \($0)" } ?? ""
        return "\(code): \(message)\(below)"
    }
}
