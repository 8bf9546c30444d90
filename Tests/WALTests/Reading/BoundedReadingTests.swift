import TestSupport
import Testing

@testable import WAL

/// With a bound that is off by one, a consumer gets a record twice, or never.
@Suite struct BoundedReadingTests {
    private func filled(_ count: Int) async throws -> (TemporaryDirectory, WriteAheadLog) {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...count { try await log.append(payload(number)) }
        return (directory, log)
    }

    private func sequences(_ records: LogRecords) async throws -> [UInt64] {
        var found: [UInt64] = []
        for try await record in records { found.append(record.sequence.rawValue) }
        return found
    }

    @Test func `records end after the last one that is wanted, in both kinds of log`() async throws {
        let (directory, log) = try await filled(20)
        let readOnly = try ReadOnlyLog(at: directory.path)
        #expect(try await sequences(log.records(from: 5, through: 8)) == [5, 6, 7, 8])
        #expect(try await sequences(readOnly.records(from: 5, through: 8)) == [5, 6, 7, 8])
        #expect(try await sequences(log.records(through: 1)) == [1])
        #expect(try await sequences(log.records(from: 9, through: 8)) == [])
        var entries = 0
        for try await _ in readOnly.entries(from: 19, through: 20) { entries += 1 }
        #expect(entries == 2)
        try await log.close()
    }

    @Test func `an iteration waits for a last record that is still to come`() async throws {
        let (directory, log) = try await filled(3)
        async let found = sequences(log.records(from: 2, through: 5))
        for number in 4...9 { try await log.append(payload(number)) }
        #expect(try await found == [2, 3, 4, 5])
        try await log.close()
        withExtendedLifetime(directory) {}
    }

    @Test func `records end before the first one that is later than the end`() async throws {
        let (directory, log) = try await filled(3)
        let last = try #require(try readAll(log.reader()).last)
        // The clock that stamps records advances in steps of some milliseconds.
        try await eventually { Timestamp.now > last.time }
        for number in 4...6 { try await log.append(payload(number)) }
        #expect(try await sequences(log.records(since: Timestamp(rawValue: 0), until: last.time)) == [1, 2, 3])
        let readOnly = try ReadOnlyLog(at: directory.path)
        #expect(try await sequences(readOnly.records(since: last.time, until: last.time)).last == 3)
        try await log.close()
    }

    @Test func `a read-only log has the figures of its files`() async throws {
        let (directory, log) = try await filled(20)
        let readOnly = try ReadOnlyLog(at: directory.path)
        #expect(try readOnly.lastSequence == 20)
        try await log.roll()
        try await log.append(payload(21))
        try await log.close()
        let statistics = try readOnly.statistics
        #expect(statistics.firstSequence == 1)
        #expect(statistics.lastSequence == 21)
        #expect(statistics.segmentCount == (try readOnly.segments.count { $0.state != .prepared }))
        #expect(statistics.diskBytes == (try readOnly.segments.reduce(0) { $0 + $1.fileSize }))
        #expect(statistics.epoch == log.statistics.epoch)
    }

    /// Without a published status, the metrics of a log had no prepared segments.
    @Test func `the status from the files counts prepared segments`() async throws {
        let (directory, log) = try await filled(1)
        try await eventually { log.statistics.preparedSegmentCount > 0 }
        let readOnly = try ReadOnlyLog(at: directory.path)
        let segments = try readOnly.surveyedStatus.segments
        #expect(segments.prepared > 0)
        #expect(segments.active == 1)
        try await log.close()
        #expect(try readOnly.surveyedStatus.segments.prepared == 0)
    }
}
