import Logging
import WAL

/// A log handler that keeps the messages.
struct RecordingLog: LogHandler {
    struct Message {
        var level: Logger.Level
        var text: String
        var metadata: [String: String]
    }

    final class Messages: Sendable {
        private let messages = Monitor<[Message]>([])

        var all: [Message] { messages.withLock { $0 } }
        func add(_ message: Message) { messages.withLock { $0.append(message) } }
    }

    let messages = Messages()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        messages.add(
            Message(level: event.level, text: "\(event.message)", metadata: all.mapValues(\.description)))
    }

    var logger: Logger { Logger(label: "test") { _ in self } }
}
