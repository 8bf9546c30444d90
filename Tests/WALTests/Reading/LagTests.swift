import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// Lag is computed from footers and indexes. A value far from the number of records would mislead an operator.
@Suite struct LagTests {
    private static func expectExact(_ log: ReadOnlyLog, within step: UInt64) throws {
        let records = try readAll(log.reader())
        let end = try log.lastSequence.rawValue
        let sizes = try log.segments.reduce(0) { $0 + $1.fileSize }
        for position in stride(from: 0, through: end + 2, by: max(1, Int(end) / 97)).map({
            SequenceNumber(rawValue: UInt64($0))
        }) {
            let lag = try log.lag(after: position)
            let after = records.filter { $0.sequence > position }
            #expect(lag.records == UInt64(after.count), "\(position)")
            #expect(lag.oldest == after.first?.time, "\(position)")
            let payload = UInt64(after.reduce(0) { $0 + $1.payload.count })
            #expect(
                lag.bytes >= payload && lag.bytes <= payload + UInt64(after.count) * 48 + step, "\(position), \(sizes)")
        }
    }

    @Test(arguments: [WriteAheadLog.Compression.none, .lz4])
    func theLagIsThatOfTheRecords(_ compression: WriteAheadLog.Compression) async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 512 << 10
        configuration.compression = .none
        configuration.sealedCompression = compression
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        for number in 0..<2000 { try await log.append(payload(number, size: 1000)) }
        if compression == .lz4 {
            try await log.sync()
            try await eventually { log.status.segments.compressed >= 2 }
        }
        let other = try ReadOnlyLog(at: directory.path)
        // Exact to one step of the index and the headers of the segments in between.
        try Self.expectExact(other, within: 70 << 10)
        try await log.close()
        try Self.expectExact(other, within: 70 << 10)
    }

    /// An index entry before the first record has no time. A step has the time of the records that follow.
    @Test func stepsBeginWithTheFirstRecord() throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 512 << 10
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        for number in 0..<2000 {
            try log.setCursor("cursor of an idle consumer \(number % 2)", to: SequenceNumber(rawValue: 0))
        }
        try log.appendBlocking([1])
        let segment = try #require(log.segments.first { $0.state != .prepared })
        try log.closeBlocking()
        let sealed = try ReadOnlyLog(at: directory.path)
        let used = try #require(try sealed.segments.first { $0.number == segment.number }?.usedSize)
        try #require(used > 80 << 10, "there is no index entry before the record")
        let steps = try sealed.steps
        #expect(steps.map(\.recordCount) == [1])
        #expect(steps.allSatisfy { $0.time > Timestamp(rawValue: 0) })
    }

    /// Skipped numbers have no record, and a damaged record can't be read.
    @Test func voidsAndDamageCountAsNoRecords() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 0..<100 { try await log.append(payload(number, size: 1000)) }
        _ = try await log.skipSequences(through: 500)
        for number in 0..<100 { try await log.append(payload(number, size: 1000)) }
        try await log.close()
        let other = try ReadOnlyLog(at: directory.path)
        #expect(try other.lag(after: 0).records == 200)
        #expect(try other.lag(after: 100).records == 100)
        #expect(try other.lag(after: 300).records == 100)
        #expect(try other.lag(after: 550).records == 50)
        #expect(try other.lag(after: 600) == LogLag())
        #expect(try other.surveyedStatus.lastSequence == 600)
    }

    /// The position is read before the list of the segments, and another segment may begin in between. A negative lag would stop
    /// the process.
    @Test func segmentsThatBeganSinceDoNotCount() {
        let starts = [(0, 0), (10, 1000), (20, 2000), (30, 3000)].map {
            LogPosition(sequence: UInt64($0.0), position: UInt64($0.1))
        }
        func count(_ sequence: UInt64, _ last: (UInt64, UInt64)) -> UInt64 {
            SegmentCatalog.byteCount(
                after: sequence, before: LogPosition(sequence: last.0, position: last.1), starts)
        }
        #expect(count(0, (35, 3500)) == 3500)
        #expect(count(10, (35, 3500)) == 2500)
        #expect(count(15, (35, 3500)) == 2000)
        #expect(count(5, (18, 1800)) == 1300)
        #expect(count(15, (18, 1800)) == 300)
        #expect(count(19, (20, 2000)) == 100)
        #expect(count(34, (35, 3500)) == 100)
    }
}
