public import Logging
public import WAL

/// A log of log lines, which ``WALLogHandler`` appends as records, within a budget of disk space.
///
/// ```swift
/// let lines = try await LineLog.bootstrap(at: "app-log")
/// let logger = Logger(label: "api")
/// logger.info("started", metadata: ["port": "8080"])
/// try await lines.close()
/// ```
///
/// After its log call returns, a line survives the death of the process by `kill -9` or `fatalError`. After the next
/// sync it survives a power loss. That sync comes within a second; a line of level error or critical requests one
/// immediately.
public final class LineLog: Sendable {
    /// The log that contains the lines. Read its records with ``LogLine/init(payload:)-(RawSpan)``.
    public let log: WriteAheadLog
    let gate = DropGate()
    let level: Logger.Level
    /// The size in bytes of the largest payload that a line may have. Longer lines are cut.
    let lineSizeMax: Int

    /// The settings of a log of lines.
    public struct Configuration: Sendable {
        /// The disk space that the log may occupy, in bytes: at least 256 KiB. New lines replace the oldest ones.
        public var diskBudget: Int
        /// The time for which the log keeps lines, in whole segments. With nil, only the budget limits the time.
        public var maxAge: Duration?
        /// The log level of new loggers.
        public var logLevel: Logger.Level

        /// Makes a configuration. Each omitted argument has its default value.
        ///
        /// - Parameters:
        ///   - diskBudget: The disk space that the log may occupy, in bytes: at least 256 KiB.
        ///   - maxAge: The time for which the log keeps lines, or nil for no limit but the budget.
        ///   - logLevel: The log level of new loggers.
        public init(diskBudget: Int = 256 << 20, maxAge: Duration? = nil, logLevel: Logger.Level = .info) {
            self.diskBudget = diskBudget
            self.maxAge = maxAge
            self.logLevel = logLevel
        }

        private static let segmentSizeMin = 64 << 10
        // Smaller segments are ready sooner. While no segment is ready, lines are dropped.
        private static let segmentSizeMax = 16 << 20
        /// The size of the first segment, in bytes. The longest line and a first burst of lines fit.
        private static let firstSegmentSize = 2 << 20

        /// The configuration of the underlying log.
        var log: WriteAheadLog.Configuration {
            let wanted = min(max(diskBudget / 16, Self.segmentSizeMin), Self.segmentSizeMax)
            let segmentSize = wanted / 4096 * 4096
            var configuration = WriteAheadLog.Configuration(
                syncPolicy: .interval(.seconds(1)), segmentSize: segmentSize,
                maxPreparedSegments: max(1, min(4, diskBudget / segmentSize / 2)), diskBudget: diskBudget,
                whenFull: .fail,
                // This leaves space for the next segment.
                retention: WriteAheadLog.Retention(age: maxAge, totalSize: diskBudget - segmentSize))
            configuration.firstSegmentSize = Self.firstSegmentSize
            return configuration
        }
    }

    /// Uses an open log whose segments have this size.
    init(_ log: WriteAheadLog, segmentSize: Int, level: Logger.Level) {
        self.log = log
        self.level = level
        lineSizeMax = min(segmentSize / 4, 1 << 20)
    }

    /// Opens the log of lines in a directory, or creates it there. Suspends for the recovery.
    ///
    /// - Parameters:
    ///   - directory: The path of the log's directory. The directory belongs to one process at a time.
    ///   - configuration: The settings.
    ///   - logger: The logger for the log's own messages, for example about a full disk. Without it, they go to
    ///     standard error. A message that the logger passes back to a ``WALLogHandler`` goes to standard error too.
    /// - Throws: The errors of `WriteAheadLog.open(at:configuration:logger:metrics:)`.
    public static func open(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil
    ) async throws(WALError) -> LineLog {
        try await Blocking.run { () throws(WALError) in
            try openBlocking(at: directory, configuration: configuration, logger: logger)
        }
    }

    /// Opens the log of lines in a directory, or creates it there. Blocks for the recovery; see
    /// ``open(at:configuration:logger:)``.
    ///
    /// - Parameters:
    ///   - directory: The path of the log's directory. The directory belongs to one process at a time.
    ///   - configuration: The settings.
    ///   - logger: The logger for the log's own messages. Without it, they go to standard error.
    /// - Throws: The errors of `WriteAheadLog.open(at:configuration:logger:metrics:)`.
    @available(*, noasync, message: "Blocks the thread for the time of the recovery. Await open(at:) instead.")
    public static func openBlocking(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil
    ) throws(WALError) -> LineLog {
        let settings = configuration.log
        let log = try WriteAheadLog.openBlocking(
            at: directory, configuration: settings, logger: OwnMessages.logger(for: logger))
        return LineLog(log, segmentSize: settings.segmentSize, level: configuration.logLevel)
    }

    /// Opens the log of lines in a directory, and makes it the destination of all loggers of the process. Suspends for
    /// the recovery; see ``open(at:configuration:logger:)``.
    ///
    /// Call this function once per process, before the first `Logger` is made. Don't call `LoggingSystem.bootstrap`,
    /// because this function calls it.
    ///
    /// - Parameters:
    ///   - directory: The path of the log's directory. The directory belongs to one process at a time.
    ///   - configuration: The settings.
    ///   - metadataProvider: The metadata provider of all loggers.
    /// - Throws: The errors of ``open(at:configuration:logger:)``. Then the logging system is unchanged.
    public static func bootstrap(
        at directory: String, configuration: Configuration = Configuration(),
        metadataProvider: Logger.MetadataProvider? = nil
    ) async throws(WALError) -> LineLog {
        let lines = try await open(at: directory, configuration: configuration)
        LoggingSystem.bootstrap(
            { label, provider in lines.handler(label: label, metadataProvider: provider) },
            metadataProvider: metadataProvider)
        return lines
    }

    /// Returns a handler whose lines are records of this log.
    ///
    /// - Parameters:
    ///   - label: The logger's label.
    ///   - metadataProvider: The metadata provider. Without it, the handler uses the provider of the logging system.
    public func handler(
        label: String, metadataProvider: Logger.MetadataProvider? = LoggingSystem.metadataProvider
    ) -> WALLogHandler {
        WALLogHandler(self, label: label, metadataProvider: metadataProvider)
    }

    /// The number of lines dropped since the opening because the log accepted none.
    ///
    /// When the log accepts lines again, it reports the dropped lines in a line of its own.
    public var droppedLines: UInt64 { gate.dropped }

    /// Reports dropped lines, makes all lines durable, and frees the directory. Suspends until that is done.
    ///
    /// The report is a line of the log, or goes to standard error if the disk is full. Lines after the close go to
    /// standard error. A program that doesn't close the log loses no lines, but the next opening takes longer.
    ///
    /// - Throws: `WALError.Code.indeterminate` if not everything could be made durable. The directory is free in this
    ///   case too.
    public func close() async throws(WALError) {
        try await Blocking.run { () throws(WALError) in try self.closeBlocking() }
    }

    /// Reports dropped lines, makes all lines durable, and frees the directory. Blocks until that is done; see
    /// ``close()``.
    ///
    /// - Throws: `WALError.Code.indeterminate` if not everything could be made durable. The directory is free in this
    ///   case too.
    @available(*, noasync, message: "Blocks the thread. Await close() instead.")
    public func closeBlocking() throws(WALError) {
        appendLastReport()
        defer {
            gate.end()
            writeReport()
        }
        try log.closeBlocking()
    }
}
