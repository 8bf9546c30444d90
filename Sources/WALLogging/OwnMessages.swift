internal import Logging

/// The messages that the log of lines makes about itself.
///
/// They must not become lines of the log. Otherwise a thread of the log would append to it, and a full disk would cause
/// messages about itself.
enum OwnMessages {
    /// Whether the calling thread or task is passing on a message that the log of lines made.
    @TaskLocal static var isLogging = false

    /// Returns the logger for a log of lines: the given logger, or a logger for standard error. It marks its messages
    /// so that handlers recognize them.
    static func logger(for logger: Logger?) -> Logger {
        var base: any LogHandler
        if let logger {
            base = logger.handler
        } else {
            base = StreamLogHandler.standardError(label: "swift-wal", metadataProvider: nil)
            base.logLevel = .notice
        }
        return Logger(label: logger?.label ?? "swift-wal") { [base] _ in MarkingHandler(base: base) }
    }

    /// Passes messages on, and marks the calling thread or task during the call.
    private struct MarkingHandler: LogHandler {
        var base: any LogHandler

        var logLevel: Logger.Level {
            get { base.logLevel }
            set { base.logLevel = newValue }
        }
        var metadata: Logger.Metadata {
            get { base.metadata }
            set { base.metadata = newValue }
        }
        var metadataProvider: Logger.MetadataProvider? {
            get { base.metadataProvider }
            set { base.metadataProvider = newValue }
        }
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { base[metadataKey: key] }
            set { base[metadataKey: key] = newValue }
        }

        func log(event: LogEvent) {
            OwnMessages.$isLogging.withValue(true) { base.log(event: event) }
        }
    }
}
