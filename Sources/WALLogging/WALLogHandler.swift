public import Logging
internal import WAL

/// A log handler whose lines are records of a ``LineLog``.
///
/// A log call copies the line into mapped memory on the calling thread, and waits for nothing. If the log accepts no
/// line at that moment, for example on a full disk, the line is dropped and counted. A line of level error or critical
/// requests a sync.
///
/// The handler merges metadata in this order, and later values replace earlier values of the same key:
/// 1. the metadata of the handler,
/// 2. the metadata of its ``metadataProvider``,
/// 3. the metadata of the log call,
/// 4. the error of the log call, as `error.message` and `error.type`.
public struct WALLogHandler: LogHandler {
    private let lines: LineLog
    private let label: String

    /// The level below which the logger makes no line.
    public var logLevel: Logger.Level
    /// The metadata of all lines of this handler.
    public var metadata: Logger.Metadata = [:]
    /// The provider that adds metadata at the time of each log call.
    public var metadataProvider: Logger.MetadataProvider?

    init(_ lines: LineLog, label: String, metadataProvider: Logger.MetadataProvider?) {
        self.lines = lines
        self.label = label
        self.metadataProvider = metadataProvider
        logLevel = lines.level
    }

    /// The metadata value of a key.
    ///
    /// - Parameter key: The key.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Appends a line. Never waits.
    ///
    /// - Parameter event: The log call.
    public func log(event: LogEvent) {
        if OwnMessages.isLogging { return line(event).writeToStandardError() }
        lines.append(event.level) { line(event) }
    }

    private func line(_ event: LogEvent) -> LogLine {
        LogLine(
            time: .precise, level: event.level, label: label, message: event.message.description,
            metadata: merged(event), source: event.source, file: event.file, function: event.function, line: event.line)
    }

    private func merged(_ event: LogEvent) -> Logger.Metadata {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.replaceValues(with: provided) }
        if let explicit = event.metadata { merged.replaceValues(with: explicit) }
        if let error = event.error {
            merged["error.message"] = "\(error)"
            merged["error.type"] = "\(String(reflecting: type(of: error)))"
        }
        return merged
    }
}

extension Logger.Metadata {
    /// Merges newer values into this metadata. In the common cases, in which one side is empty, nothing is copied.
    fileprivate mutating func replaceValues(with newer: Logger.Metadata) {
        if isEmpty {
            self = newer
        } else if !newer.isEmpty {
            merge(newer) { $1 }
        }
    }
}
