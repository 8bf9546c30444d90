internal import Logging

/// The messages of the log of lines itself. They must not become its lines: a thread of the log would append to it, and a full disk
/// would make messages about itself.
enum OwnMessages {
    /// Whether the calling thread or task is passing on a message of a log of lines.
    @TaskLocal static var isLogging = false

    /// Returns the logger for a log of lines: the given one, or one for standard error, marked so that handlers know its messages.
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

    /// Passes messages on, and marks the calling thread or task meanwhile.
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
