import Foundation
import Logging
import Testing

@testable import WAL
@testable import WALDelivery

/// A log in a temporary directory, and flushers into recording sinks.
final class FlusherHarness: Sendable {
    typealias Configuration = Flusher<RecordingSink>.Configuration

    let directory: String
    let log: WriteAheadLog

    init(syncPolicy: WriteAheadLog.SyncPolicy = .manual, segmentSize: Int = 1 << 20, retainedSize: Int? = 0) throws {
        directory = NSTemporaryDirectory() + "wal-flusher-" + UUID().uuidString
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = segmentSize
        configuration.maxPreparedSegments = 1
        configuration.syncPolicy = syncPolicy
        configuration.retention.totalSize = retainedSize
        log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        // Keeps the records that are appended before the flusher runs.
        try log.setCursor("sink/recording", to: .zero)
    }

    deinit {
        try? log.closeBlocking()
        try? FileManager.default.removeItem(atPath: directory)
    }

    static func configuration(
        workers: Int = 2, batchSize: Int = 7, change: (inout Configuration) -> Void = { _ in }
    ) -> Configuration {
        var configuration = Configuration()
        configuration.workerCount = workers
        configuration.batchSize = batchSize
        configuration.maxBatchSize = batchSize
        configuration.flushInterval = .milliseconds(5)
        configuration.breakerInterval = .milliseconds(20)
        change(&configuration)
        return configuration
    }

    /// Appends records with keys from 0 to 31. Each `barrierEvery`th record is a barrier.
    @discardableResult
    func append(_ count: Int, barrierEvery: Int = .max) throws -> SequenceNumber {
        var last: SequenceNumber = .zero
        for _ in 0..<count {
            let number = log.lastSequence.rawValue + 1
            let isBarrier = number.isMultiple(of: UInt64(barrierEvery))
            last = try log.appendBlocking([
                isBarrier ? RecordingSink.barrierKey : UInt8(number * 7 % 32), UInt8(number % 256),
            ])
        }
        return last
    }

    func flusher(
        into sink: RecordingSink, _ configuration: Configuration, logger: Logger? = nil
    ) -> Flusher<RecordingSink> {
        Flusher(log: log, sink: sink, configuration: configuration, logger: logger) { payload in
            let key = payload.unsafeLoad(as: UInt8.self)
            return key == RecordingSink.barrierKey ? nil : UInt64(key)
        }
    }

    /// Runs a flusher during a test's body, then cancels it. Returns the error that ended it.
    func run(
        _ flusher: Flusher<RecordingSink>, while body: @Sendable @escaping () async throws -> Void
    ) async throws -> (any Error)? {
        try await withThrowingTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    try await flusher.run()
                    return nil
                } catch {
                    return error
                }
            }
            try await body()
            group.cancelAll()
            return try await group.next() ?? nil
        }
    }

    func deadLetters() throws -> [DeadLetterRecord] {
        var reader = try DeadLetterReader(logDirectory: directory)
        var letters: [DeadLetterRecord] = []
        while let letter = try reader.next() { letters.append(letter) }
        return letters
    }
}
