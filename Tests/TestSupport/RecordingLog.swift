package import Logging
internal import WAL

/// A log handler that keeps the messages.
package struct RecordingLog: LogHandler {
    package struct Message {
        package var level: Logger.Level
        package var text: String
        package var metadata: [String: String]
    }

    package final class Messages: Sendable {
        private let messages = Monitor<[Message]>([])

        package var all: [Message] { messages.withLock { $0 } }
        package func add(_ message: Message) { messages.withLock { $0.append(message) } }
    }

    package let messages = Messages()
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.trace

    package init() {}

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        messages.add(
            Message(level: event.level, text: "\(event.message)", metadata: all.mapValues(\.description)))
    }

    package var logger: Logger { Logger(label: "test") { _ in self } }
}
