internal import WAL

/// A log in a directory of its own, for flushers.
final class DeliveryLog: Sendable {
    let log: WriteAheadLog
    private let directory: TemporaryDirectory

    /// Opens a new log that takes records of this size. Blocks for some milliseconds.
    private init(largestRecord: Int) throws {
        directory = try TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = max(1 << 20, (largestRecord * 2 + 4095) & ~4095)
        configuration.preparedSegmentsMax = 1
        configuration.syncPolicy = .manual
        log = try WriteAheadLog(at: directory.path + "/log", configuration: configuration)
    }

    deinit {
        // The directory goes, too.
        try? log.close()
    }

    static func make(largestRecord: Int) async throws -> DeliveryLog {
        try await OwnThread.run { try DeliveryLog(largestRecord: largestRecord) }
    }

    @discardableResult
    func append(_ payloads: [[UInt8]]) throws -> [SequenceNumber] {
        try payloads.map { try log.append($0) }
    }

    /// What flushers have set aside, in order.
    func deadLetters() throws -> [DeadLetterRecord] {
        var reader = try DeadLetterReader(logDirectory: log.directory)
        var letters: [DeadLetterRecord] = []
        while let letter = try reader.next() { letters.append(letter) }
        return letters
    }
}
