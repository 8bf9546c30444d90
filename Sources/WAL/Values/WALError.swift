/// The error that every throwing function of `WAL` throws, with the failure and its remedy.
///
/// Switch on ``code``, and show ``description`` to users.
public struct WALError: Error, Sendable {
    /// The kind of an error. Later versions may add kinds: keep a default branch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// A record or batch doesn't fit into a segment. Make it smaller, or make segments larger.
        public static let recordTooLarge = Code("recordTooLarge")
        /// The disk budget is used up, and retention may not remove anything yet. Let the consumers catch up, or raise
        /// the budget.
        public static let logFull = Code("logFull")
        /// The file system is full, or the process has reached its file size limit (`ulimit -f`). Appending resumes
        /// when there is space.
        public static let diskFull = Code("diskFull")
        /// The log was closed.
        public static let closed = Code("closed")
        /// A sync failed, and its data couldn't be copied to a new file. The log accepts nothing until that succeeds,
        /// and tries again every second.
        public static let poisoned = Code("poisoned")
        /// The record was written, but its sync failed. It may or may not survive a power loss.
        public static let indeterminate = Code("indeterminate")
        /// Another writer has the directory open.
        public static let locked = Code("locked")
        /// The log's directory was removed, moved, or replaced while the log was open.
        ///
        /// The log accepts nothing and reports nothing as durable until the directory is back in its place. Reads
        /// continue with the segments that can still be read.
        public static let directoryGone = Code("directoryGone")
        /// The directory is on a file system that can't keep a log's promises. Put the log on a local file system.
        public static let unsupportedFileSystem = Code("unsupportedFileSystem")
        /// The path isn't the directory of a log.
        public static let notALogDirectory = Code("notALogDirectory")
        /// The log's directory, or a file in it, is a symbolic link, of the wrong type, or owned by another user.
        public static let untrusted = Code("untrusted")
        /// The files were written by a newer version, or with a feature that this version doesn't know.
        public static let versionTooNew = Code("versionTooNew")
        /// Bytes on disk differ from the bytes that the log wrote.
        public static let corrupted = Code("corrupted")
        /// The operating system reported an error; see ``WALError/errno``.
        public static let inputOutput = Code("inputOutput")
        /// The log is a replica of another log, which alone gives numbers to its records. Follow the other log with ``LogReplica``, or
        /// promote the replica.
        public static let replica = Code("replica")
        /// An argument is out of its range.
        public static let invalidArgument = Code("invalidArgument")
        /// The waiting task was canceled.
        public static let cancelled = Code("cancelled")
        /// Retention has removed the requested records.
        public static let removed = Code("removed")
        /// Another flusher has claimed the sink since. This flusher must stop.
        public static let fenced = Code("fenced")
        /// The sink has applied more records than this log holds, so the log is an older copy.
        ///
        /// The log doesn't deliver records again that the sink already has, and doesn't reuse their sequence numbers.
        public static let sinkAhead = Code("sinkAhead")
        /// The sink needs records that retention has removed, so the sink is an older copy.
        public static let sinkBehind = Code("sinkBehind")
        /// The sink lagged too far behind, and the log no longer keeps records for it.
        public static let detached = Code("detached")
        /// The sink failed permanently; see ``WALError/cause``.
        public static let sinkFailed = Code("sinkFailed")
    }

    /// The kind of the error.
    public var code: Code
    /// The failure, its place and the remedy, in full sentences.
    public var message: String
    /// The operating system's error number, if there is one.
    public var errno: Int32?
    /// The error that caused this one, if there is one.
    public var cause: (any Error)?
    /// Whether the same call can succeed later without any change.
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

    /// The error of a canceled wait for records.
    static var canceledRead: WALError {
        WALError(.cancelled, "The task was canceled while it waited for a record.")
    }
}
