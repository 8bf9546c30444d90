import Foundation
import Logging
import TestSupport
import Testing
import WAL

@testable import WALLogging

/// If a log's own messages went into it, its maintenance would append, and such appends need segments that maintenance makes.
@Suite struct OwnMessagesTests {
    /// A handler whose destination is set later, like that of a program that bootstraps before it opens its log.
    private struct Forwarding: LogHandler {
        let destination = Monitor<WALLogHandler?>(nil)
        let seen = Monitor<[String]>([])
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            seen.withLock { $0.append("\(event.message)") }
            destination.withLock { $0 }?.log(event: event)
        }
    }

    @Test func ownMessagesGoToStandardError() async throws {
        let directory = TemporaryDirectory()
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [path = directory.path as String] in
            let forwarding = Forwarding()
            let lines = try await LineLog.open(
                at: path, configuration: .init(diskBudget: 256 << 10),
                logger: Logger(label: "own") { _ in forwarding })
            let handler = lines.handler(label: "own")
            forwarding.destination.withLock { $0 = handler }
            let logger = lines.logger("program")
            // Maintenance logs each removal.
            try await eventually {
                for number in 0..<1000 { logger.info("line \(number)") }
                return forwarding.seen.withLock { $0.contains("removed a segment") }
            }
            let found = try contents(lines.log.reader()).lines
            guard !found.isEmpty, found.allSatisfy({ $0.label == "program" }) else { exit(1) }
            try await lines.close()
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains(" debug own: removed a segment"))
    }

    /// The messages of another log are ordinary lines.
    @Test func messagesOfOtherLogsAreLines() async throws {
        let (directory, other) = (TemporaryDirectory(), TemporaryDirectory())
        let lines = try await LineLog.open(at: directory.path)
        try await WriteAheadLog.open(at: other.path, logger: lines.logger("other")).close()
        #expect(try lines.contents().lines.contains { $0.label == "other" && $0.message == "opened the log" })
        try await lines.close()
    }
}
