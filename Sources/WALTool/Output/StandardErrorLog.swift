import Logging
import WAL
import WALLogging

/// Writes the libraries' log messages of level notice and above to standard error. Each message is one line with time,
/// level and metadata.
struct StandardErrorLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    /// The tool's logger.
    static var logger: Logger { Logger(label: "wal") { _ in StandardErrorLog() } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
        // An error of a database may have texts of users in it.
        StandardError.write(LineText.escaped("\(Timestamp.now) \(event.level): \(event.message)\(pairs)") + "\n")
    }

    /// Returns the value, in quotes if it is empty or contains spaces, quotes or equal signs. The quotes let programs
    /// split the line.
    private static func quoted(_ value: String) -> String {
        guard value.isEmpty || value.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "=" }) else {
            return value
        }
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}
