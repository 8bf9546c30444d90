internal import WAL
internal import WALDelivery

/// A log in a temporary directory, from which flushers deliver.
final class DeliveryLog: Sendable {
    let log: WriteAheadLog
    private let directory: TemporaryDirectory

    /// Opens a new log that accepts records of up to this size. Blocks for a few milliseconds.
    private init(largestRecord: Int) throws {
        directory = try TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = max(1 << 20, (largestRecord * 2 + 4095) & ~4095)
        configuration.maxPreparedSegments = 1
        configuration.syncPolicy = .manual
        log = try WriteAheadLog.openBlocking(at: directory.path + "/log", configuration: configuration)
    }

    static func make(largestRecord: Int) async throws -> DeliveryLog {
        try await Blocking.run { try DeliveryLog(largestRecord: largestRecord) }
    }

    func append(_ payloads: [[UInt8]]) throws {
        for payload in payloads { try log.appendBlocking(payload) }
    }

    /// Returns the dead letters beside the log, in order.
    func deadLetters() async throws -> [DeadLetterRecord] {
        let directory = log.directory
        return try await Blocking.run {
            var reader = try DeadLetterReader(logDirectory: directory)
            var letters: [DeadLetterRecord] = []
            while let letter = try reader.next() { letters.append(letter) }
            return letters
        }
    }

    /// Closes the log and removes it.
    func close() async {
        let (log, directory) = (log, directory)
        // An error at closing doesn't matter, because the directory is removed.
        await Blocking.run {
            try? log.closeBlocking()
            directory.remove()
        }
    }
}
