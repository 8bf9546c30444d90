public import Logging
public import WAL

/// A log of log lines: the records that ``WALLogHandler`` appends, within a budget of disk space.
///
/// ```swift
/// let lines = try await LineLog.bootstrap(at: "app-log")
/// let logger = Logger(label: "api")
/// logger.info("started", metadata: ["port": "8080"])
/// try await lines.close()
/// ```
///
/// A line survives the death of the process, by `kill -9` or `fatalError`, once its log call has returned. It survives a power loss
/// after the next sync, which comes within a second, or at once after a line of level error or critical.
public final class LineLog: Sendable {
    /// The log. Read it with ``LogLine/init(payload:)-(RawSpan)``.
    public let log: WriteAheadLog
    let gate = DropGate()
    let level: Logger.Level
    /// The size of the largest payload that a line may have. Longer lines are cut.
    let lineSizeMax: Int

    /// The settings of a log of lines.
    public struct Configuration: Sendable {
        /// The disk space that the log may occupy, in bytes: at least 256 KiB. The oldest lines are removed for new ones.
        public var diskBudget: Int
        /// The time for which the log keeps lines, in whole segments, or nil for no limit but the budget.
        public var maxAge: Duration?
        /// The log level of new loggers.
        public var logLevel: Logger.Level

        /// Makes a configuration. Each omitted argument has its default value.
        public init(diskBudget: Int = 256 << 20, maxAge: Duration? = nil, logLevel: Logger.Level = .info) {
            self.diskBudget = diskBudget
            self.maxAge = maxAge
            self.logLevel = logLevel
        }

        private static let segmentSizeMin = 64 << 10
        // Small segments are ready sooner, and a line is dropped while none is.
        private static let segmentSizeMax = 16 << 20
        /// The longest line fits, and the first burst.
        private static let firstSegmentSize = 2 << 20

        /// The configuration of the log itself.
        var log: WriteAheadLog.Configuration {
            let wanted = min(max(diskBudget / 16, Self.segmentSizeMin), Self.segmentSizeMax)
            let segmentSize = wanted / 4096 * 4096
            var configuration = WriteAheadLog.Configuration(
                syncPolicy: .interval(.seconds(1)), segmentSize: segmentSize,
                maxPreparedSegments: max(1, min(4, diskBudget / segmentSize / 2)), diskBudget: diskBudget,
                whenFull: .fail,
                // Leaves space for the segment that comes next.
                retention: WriteAheadLog.Retention(age: maxAge, totalSize: diskBudget - segmentSize))
            configuration.firstSegmentSize = Self.firstSegmentSize
            return configuration
        }
    }

    /// Uses an open log with segments of this size.
    init(_ log: WriteAheadLog, segmentSize: Int, level: Logger.Level) {
        self.log = log
        self.level = level
        lineSizeMax = min(segmentSize / 4, 1 << 20)
    }

    /// Opens the log of lines in a directory, which is made if it is missing. Suspends for the time of the recovery.
    ///
    /// - Parameters:
    ///   - directory: The log's directory. It belongs to one process at a time.
    ///   - configuration: The settings.
    ///   - logger: The logger for the log's own messages, such as those on a full disk; without one they go to standard error. A message
    ///     that it leads back into a ``WALLogHandler`` goes to standard error.
    /// - Throws: As `WriteAheadLog.open(at:configuration:logger:metrics:)`.
    public static func open(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil
    ) async throws(WALError) -> LineLog {
        try await Blocking.run { () throws(WALError) in
            try openBlocking(at: directory, configuration: configuration, logger: logger)
        }
    }

    /// Opens the log of lines as ``open(at:configuration:logger:)`` does. Blocks for the time of the recovery.
    @available(*, noasync, message: "Blocks the thread for the time of the recovery. Await open(at:) instead.")
    public static func openBlocking(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil
    ) throws(WALError) -> LineLog {
        let settings = configuration.log
        let log = try WriteAheadLog.openBlocking(
            at: directory, configuration: settings, logger: OwnMessages.logger(for: logger))
        return LineLog(log, segmentSize: settings.segmentSize, level: configuration.logLevel)
    }

    /// Opens the log of lines as ``open(at:configuration:logger:)`` does, and makes it the destination of all loggers of the process.
    ///
    /// Call it once per process, before the first `Logger` is made, instead of `LoggingSystem.bootstrap`, which it calls.
    ///
    /// - Parameters:
    ///   - directory: The log's directory. It belongs to one process at a time.
    ///   - configuration: The settings.
    ///   - metadataProvider: The metadata provider of all loggers.
    /// - Throws: As ``open(at:configuration:logger:)``. The logging system is as before.
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
    ///   - label: The label of the logger.
    ///   - metadataProvider: The provider; without an argument, that of the logging system.
    public func handler(
        label: String, metadataProvider: Logger.MetadataProvider? = LoggingSystem.metadataProvider
    ) -> WALLogHandler {
        WALLogHandler(self, label: label, metadataProvider: metadataProvider)
    }

    /// The number of lines dropped since the opening, because the log took none at their time.
    ///
    /// The log reports them in a line of its own once it takes lines again.
    public var droppedLines: UInt64 { gate.dropped }

    /// Appends the report of dropped lines, or writes it to standard error if the disk is full. Makes everything durable, and frees the directory. Suspends for the time of that.
    ///
    /// Later lines go to standard error. Without a close no line is lost: the next opening takes longer.
    ///
    /// - Throws: `indeterminate` if not everything could be made durable. The directory is free all the same.
    public func close() async throws(WALError) {
        try await Blocking.run { () throws(WALError) in try self.closeBlocking() }
    }

    /// Closes the log of lines as ``close()`` does. Blocks for the time of that.
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
