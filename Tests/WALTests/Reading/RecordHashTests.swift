import Foundation
import Testing

@testable import WAL

/// If two different logs had the same hash, a replica that lost a record would count as complete.
@Suite struct RecordHashTests {
    /// `Tests/Independent/walreader.py --hash`, which is written from FORMAT.md alone, computed the hashes.
    @Test(arguments: [
        ("v1.0", "a2c19abea20356ae7f00a0e52763ba3a270ce2dea3b240c413e8c6fd757783bc"),
        ("v1.0-lz4", "22a6b997585d5390fedfdef13df5d3085d77b8f79e1ae969cc8c3c1dc3215cdc"),
        ("v1.1", "23f13fe5f29a3ec887d9125c4aa6b7e56be340443136ef3b998551c5b5fb9ce8"),
        ("v1.1-lz4", "59f9978a3d40c9e9b241f9b4d75932bb7411a5c104a553057eb5e404102f9b78"),
    ])
    func goldenLogsHaveTheHashOfTheOtherReader(_ version: String, _ expected: String) throws {
        let directory = GoldenTests.folder.appending(path: version).path
        #expect(try Self.hash(ReadOnlyLog(at: directory).reader()).hexadecimalDigest == expected)
    }

    @Test func theDocumentHasTheHashOfItsExample() throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try Data(FormatExample.bytes).write(to: URL(filePath: directory.path + "/00000000000000000001.wal"))
        let hash = try Self.hash(ReadOnlyLog(at: directory.path).reader())
        #expect(hash.recordCount == 3)
        #expect(hash.sequences == 1...3)
        let document = try #require(FormatDocumentTests.document)
        #expect(document.contains("the hash `\(hash.hexadecimalDigest)`"))
    }

    @Test func segmentsAndCompressionDontMatter() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...300 { try log.appendBlocking(payload(number, size: number)) }
        try log.rollBlocking()
        try log.appendBlocking([])
        try log.closeBlocking()
        let plain = try Self.hash(ReadOnlyLog(at: directory.path).reader())
        #expect(plain.recordCount == 301)
        try CompressedSegmentTests.compressAll(in: directory.path)
        let compressed = try Self.hash(ReadOnlyLog(at: directory.path).reader())
        #expect(compressed.hexadecimalDigest == plain.hexadecimalDigest)
    }

    /// Moves a byte from one payload to the next, or changes a number or a time.
    @Test func eachPartCounts() {
        let records: [(UInt64, Int64, [UInt8])] = [(1, 10, [1, 2]), (2, 10, [3])]
        func hash(_ change: (inout [(UInt64, Int64, [UInt8])]) -> Void) -> String {
            var records = records
            change(&records)
            var hash = RecordHash()
            for (sequence, time, payload) in records {
                hash.add(
                    RecordView(
                        sequence: SequenceNumber(rawValue: sequence), time: Timestamp(rawValue: time),
                        payload: payload.span.bytes))
            }
            return hash.hexadecimalDigest
        }
        let hashes = [
            hash { _ in }, hash { $0 = [(1, 10, [1]), (2, 10, [2, 3])] }, hash { $0[1].0 = 3 }, hash { $0[1].1 = 11 },
            hash { $0.removeLast() }, hash { $0.append((3, 10, [])) },
        ]
        #expect(Set(hashes).count == hashes.count)
    }

    static func hash(_ reader: LogReader) throws -> RecordHash {
        var hash = RecordHash()
        while try reader.next({ hash.add($0) }) != nil {}
        return hash
    }
}
