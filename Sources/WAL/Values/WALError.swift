/// What went wrong in a log, and what to do about it.
///
/// Thrown by every function of `WAL`. Switch on ``code``; show ``description`` to people.
public struct WALError: Error, Sendable {
    /// The kind of an error. More kinds may come: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// A record or batch doesn't fit into a segment. Make it smaller, or the segments larger.
        public static let recordTooLarge = Code("recordTooLarge")
        /// The disk budget is used up, and nothing may be removed yet. Let the consumers catch up, or raise the budget.
        public static let logFull = Code("logFull")
        /// The file system is full, or the process may have no larger files (`ulimit -f`). Appending resumes by itself when there is
        /// space.
        public static let diskFull = Code("diskFull")
        /// The log was closed.
        public static let closed = Code("closed")
        /// A sync failed before, and what it was for couldn't be written to a fresh file: nothing is accepted until it can be.
        /// The log tries again every second.
        public static let poisoned = Code("poisoned")
        /// The record was written, but its sync failed: it may or may not be there after a power loss.
        public static let indeterminate = Code("indeterminate")
        /// Another writer has the directory open.
        public static let locked = Code("locked")
        /// The log's directory was removed, moved, or replaced by another while the log was open. Nothing is accepted, or called
        /// durable, unless it comes back to its place; reading goes on with what is there still.
        public static let directoryGone = Code("directoryGone")
        /// The directory is on a file system on which a log's promises can't be kept. Put the log on a local one.
        public static let unsupportedFileSystem = Code("unsupportedFileSystem")
        /// The path is not a log's directory.
        public static let notALogDirectory = Code("notALogDirectory")
        /// Something in the log's directory is a symbolic link, no regular file, or another user's; or the directory is.
        public static let untrusted = Code("untrusted")
        /// The files were written by a version, or with a feature, that this one doesn't know.
        public static let versionTooNew = Code("versionTooNew")
        /// Bytes on disk are not what was written there.
        public static let corrupted = Code("corrupted")
        /// The operating system refused; see ``WALError/errno``.
        public static let inputOutput = Code("inputOutput")
        /// An argument is out of its range.
        public static let invalidArgument = Code("invalidArgument")
        /// The waiting task was cancelled.
        public static let cancelled = Code("cancelled")
        /// The wanted records were removed by retention.
        public static let removed = Code("removed")
        /// Another flusher has claimed the sink since: this one must stop.
        public static let fenced = Code("fenced")
        /// The sink has applied more than this log holds: the log is an older copy. What the sink has isn't delivered again, and its
        /// sequence numbers aren't used again.
        public static let sinkAhead = Code("sinkAhead")
        /// The sink needs records that retention has removed: the sink is an older copy.
        public static let sinkBehind = Code("sinkBehind")
        /// The sink was too far behind, and the log keeps nothing for it any more.
        public static let detached = Code("detached")
        /// The sink failed for good; see ``WALError/cause``.
        public static let sinkFailed = Code("sinkFailed")
    }

    /// The kind of the error.
    public var code: Code
    /// What happened, where, and the remedy, as a sentence.
    public var message: String
    /// The operating system's error number, where there was one.
    public var errno: Int32?
    /// The error below this one, where there was one.
    public var cause: (any Error)?
    /// Whether the same call can succeed later without anything being changed.
    public var isRetriable: Bool

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, errno: Int32? = nil, cause: (any Error)? = nil, isRetriable: Bool = false
    ) {
        self.code = code
        self.message = message
        self.errno = errno
        self.cause = cause
        self.isRetriable = isRetriable
    }
}

extension WALError: CustomStringConvertible {
    public var description: String {
        let below = cause.map { cause in
            // Without a second name of the library.
            (cause as? WALError).map { " Cause: \($0.code): \($0.message)" } ?? " Cause: \(cause)"
        }
        return "swift-wal: \(code): \(message)\(below ?? "")"
    }
}

extension WALError {
    /// The error of a canceled wait for durability.
    static var canceledWait: WALError {
        WALError(.cancelled, "The task was canceled while it waited. The record may still become durable.")
    }
}
