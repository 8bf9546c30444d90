import Foundation
import Logging
import TestSupport
import Testing
import WAL

@testable import WALLogging

/// A handler that breaks swift-log's rules would show only in another program's log.
@Suite struct HandlerTests {
    private let directory = TemporaryDirectory()
    private let lines: LineLog

    init() throws {
        lines = try LineLog.openBlocking(at: directory.path)
    }

    /// The test that the documentation of `LogHandler` demands.
    @Test func levelAndMetadataAreValues() async throws {
        var first = lines.logger("first logger")
        first.logLevel = .debug
        first[metadataKey: "only-on"] = "first"
        var second = first
        second.logLevel = .error
        second[metadataKey: "only-on"] = "second"
        #expect(first.logLevel == .debug)
        #expect(second.logLevel == .error)
        #expect(first[metadataKey: "only-on"] == "first")
        #expect(second[metadataKey: "only-on"] == "second")
        try await lines.close()
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String { "no route" }
    }

    /// The order of `StreamLogHandler`'s documentation: the handler's, the provider's, the call's, and then the error.
    @Test func laterMetadataReplacesEarlier() async throws {
        let provider = Logger.MetadataProvider { ["b": "provider", "c": "provider", "d": "provider"] }
        var logger = lines.logger(provider: provider)
        logger[metadataKey: "a"] = "handler"
        logger[metadataKey: "b"] = "handler"
        logger.info("one", metadata: ["c": "call", "e": "call"])
        logger.info("two")
        logger.log(level: .info, "three", error: Failure(), metadata: ["error.message": "call"])
        logger = lines.logger()
        logger.info("four")
        logger.info("five", metadata: ["e": "call"])
        let found = try lines.contents().lines
        #expect(found.map(\.message) == ["one", "two", "three", "four", "five"])
        #expect(found[0].metadata == ["a": "handler", "b": "provider", "c": "call", "d": "provider", "e": "call"])
        #expect(found[1].metadata == ["a": "handler", "b": "provider", "c": "provider", "d": "provider"])
        #expect(found[2].metadata["error.message"] == "no route")
        #expect(found[2].metadata["error.type"] == "\(String(reflecting: Failure.self))")
        #expect(found[3].metadata == [:])
        #expect(found[4].metadata == ["e": "call"])
        try await lines.close()
    }

    /// `StreamLogHandler` prints the same metadata for the same calls.
    @Test func mergesAsTheStreamHandlerDoes() async throws {
        final class Output: TextOutputStream, Sendable {
            let text = Monitor("")
            func write(_ string: String) { text.withLock { $0 += string } }
        }
        let output = Output()
        let provider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        let stream = StreamLogHandler(label: "test", stream: output, metadataProvider: provider)
        for var logger in [Logger(label: "test") { _ in stream }, lines.logger(provider: provider)] {
            logger[metadataKey: "a"] = "handler"
            logger[metadataKey: "b"] = "handler"
            logger.info("one", metadata: ["c": "call"])
            logger.info("two", metadata: ["a": ["x", ["y": "z"]]])
            logger.log(level: .info, "three", error: Failure(), metadata: ["c": "call"])
        }
        let printed = output.text.withLock { $0 }.split(separator: "\n").map { line in
            line.split(separator: ":", maxSplits: 3)[3].split(separator: "[WALLoggingTests]")[0]
                .trimmingCharacters(in: .whitespaces)
        }
        let ours = try lines.contents().lines.map { line in
            line.metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
        #expect(ours.count == 3)
        #expect(ours == printed)
        try await lines.close()
    }

    @Test func theCallIsThere() async throws {
        var logger = lines.logger("api")
        logger.logLevel = .trace
        let before = Timestamp.now
        for level in Logger.Level.allCases { logger.log(level: level, "\(level)") }
        logger.info("other", source: "other")
        let line = UInt(#line) - 1
        let found = try lines.contents().lines
        #expect(found.map(\.level) == Logger.Level.allCases + [.info])
        #expect(found.allSatisfy { $0.label == "api" && $0.file == #fileID && $0.function == #function })
        #expect(found.allSatisfy { before <= $0.time })
        #expect(found.first?.source == "WALLoggingTests")
        #expect(found.last?.source == "other")
        #expect(found.last?.line == line)
        try await lines.close()
    }

    @Test func linesBelowTheLevelAreNotMade() async throws {
        try await lines.close()
        let quiet = try await LineLog.open(at: directory.path, configuration: .init(logLevel: .warning))
        quiet.logger().notice("quiet")
        quiet.logger().warning("loud")
        #expect(try quiet.contents().lines.map(\.message) == ["loud"])
        try await quiet.close()
    }

    @Test func nestedMetadataIsKept() async throws {
        lines.logger().info("nested", metadata: ["request": nestedMetadata, "number": .stringConvertible(7)])
        #expect(try lines.contents().lines.first?.metadata == ["request": nestedMetadata, "number": "7"])
        try await lines.close()
    }

    /// A metadata provider that logs would recurse. A metadata value that logs must not be lost.
    @Test func aValueThatLogsAppendsItsOwnLine() async throws {
        struct Chatty: CustomStringConvertible, Sendable {
            let logger: Logger
            var description: String {
                logger.info("inner")
                return "value"
            }
        }
        let logger = lines.logger()
        logger.info("outer", metadata: ["chatty": .stringConvertible(Chatty(logger: logger))])
        #expect(try lines.contents().lines.map(\.message) == ["inner", "outer"])
        try await lines.close()
    }

    @Test func bootstrappingSendsAllLoggersThere() async throws {
        try await lines.close()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            let lines = try await LineLog.bootstrap(
                at: path, metadataProvider: Logger.MetadataProvider { ["trace": "1"] })
            Logger(label: "one").info("first")
            Logger(label: "two").info("second")
            try await lines.close()
        }
        let found = try contents(try ReadOnlyLog(at: directory.path).reader()).lines
        #expect(found.map(\.label) == ["one", "two"])
        #expect(found.map(\.message) == ["first", "second"])
        #expect(found.allSatisfy { $0.metadata == ["trace": "1"] })
    }

    @Test func eightThreads() async throws {
        let count = 2500
        await onThreads(8) { [lines] thread in
            let logger = lines.logger("thread-\(thread)")
            for number in 0..<count { logger.info("\(number)", metadata: ["thread": "\(thread)"]) }
        }
        try await lines.close()
        let (found, reported) = try contents(try ReadOnlyLog(at: directory.path).reader())
        #expect(UInt64(found.count) + lines.droppedLines == UInt64(8 * count))
        #expect(reported == lines.droppedLines)
        for (label, own) in Dictionary(grouping: found, by: \.label) {
            let numbers = own.compactMap { Int($0.message) }
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }, "\(label)")
        }
        #expect(Set(found.map(\.label)).count == 8)
    }

    /// Lines after the close of the log go to standard error, because a program's last lines must not be lost.
    @Test func linesAfterTheCloseGoToStandardError() async throws {
        try await lines.close()
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [path = directory.path as String] in
            let lines = try await LineLog.open(at: path)
            let logger = lines.logger("late")
            try await lines.close()
            logger.error("last words", metadata: ["k": "v"])
            guard lines.droppedLines == 0 else { exit(1) }
            // A line of another thread, which the log refused just before the close, began a pause.
            if let attempt = lines.gate.enter() { lines.gate.drop(attempt, pause: .seconds(3600)) }
            logger.error("very last words")
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains(" error late: last words k=v\n"))
        #expect(text.contains(" 1 lines dropped") && text.contains(" error late: very last words\n"))
    }

    @Test func aBudgetThatIsTooSmallIsRefused() async throws {
        try await lines.close()
        let error = await #expect(throws: WALError.self) {
            try await LineLog.open(at: directory.path, configuration: .init(diskBudget: 255 << 10))
        }
        #expect(error?.code == .invalidArgument)
    }
}
