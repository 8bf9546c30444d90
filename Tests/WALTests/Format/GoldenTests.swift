import Foundation
import Testing

@testable import WAL

/// Logs of each format version stay readable forever. A change that broke them would lose users' data.
@Suite struct GoldenTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden")

    @Test(arguments: ["v1.0", "v1.0-lz4", "v1.1", "v1.1-lz4"]) func aLogOfAnOlderVersionIsRead(_ version: String) throws
    {
        let copy = TemporaryDirectory()
        try FileManager.default.copyItem(atPath: Self.folder.appending(path: version).path, toPath: copy.path)
        let report = try Verification.verifyBlocking(at: copy.path)
        #expect(report.findings.isEmpty)
        let log = try WriteAheadLog.openBlocking(at: copy.path, configuration: .small())
        #expect(log.recovery.findings.isEmpty)
        #expect(try readAll(log.reader()).map(\.payload) == Self.payloads)
        #expect(log.cursors == ["consumer": 7])
        #expect(log.bookmarks["input"] == Bookmark(name: "input", position: 42, metadata: [1, 2, 3]))
        try log.closeBlocking()
    }

    /// `Tests/Independent/walreader.py --hash`, which is written from FORMAT.md alone, computed the hashes.
    @Test(arguments: [
        ("v1.2-replica", "4708cf6a8c66c001616be802d5392bf059779d4aaee0a0b1526a7d089bd9a6d4"),
        ("v1.2-replica-lz4", "4708cf6a8c66c001616be802d5392bf059779d4aaee0a0b1526a7d089bd9a6d4"),
    ]) func aReplicaOfAnOlderVersionIsRead(_ version: String, _ hash: String) throws {
        let copy = TemporaryDirectory()
        try FileManager.default.copyItem(atPath: Self.folder.appending(path: version).path, toPath: copy.path)
        #expect(try Verification.verifyBlocking(at: copy.path).findings.isEmpty)
        #expect(try ReplicaTests.hash(of: copy.path) == hash)
        let replica = try LogReplica.openBlocking(at: copy.path, of: ReplicaTests.source, configuration: .small())
        #expect(replica.recovery.findings.isEmpty)
        #expect(replica.position == ReplicaTests.position(1012, epoch: 3))
        try replica.closeBlocking()
    }

    /// Written once with `WAL_WRITE_GOLDEN=v1.2-replica`, and `v1.2-replica-lz4` for compressed segments: plain and compressed
    /// batches, and two numbers that the source doesn't have.
    private func writeReplica(to directory: String) throws {
        let replica = try LogReplica.openBlocking(
            at: directory, of: ReplicaTests.source, configuration: .small())
        for numbers in [1...3, 4...60, 61...61, 990...1010] as [ClosedRange<UInt64>] {
            try replica.appendBlocking(
                ReplicaTests.batch(numbers), to: ReplicaTests.position(numbers.upperBound, epoch: 2))
        }
        try replica.appendBlocking(LogReplica.Batch(), to: ReplicaTests.position(1012, epoch: 3))
        try replica.closeBlocking()
    }

    /// Two sealed segments with records, plain and compressed batches, a cursor and a bookmark.
    static var payloads: [[UInt8]] {
        (1...5).map { payload($0) } + (6...10).map { payload($0) } + (11...60).map { payload($0, size: 100) } + [[]]
    }

    /// Written once with `WAL_WRITE_GOLDEN=v1.1`, and `v1.1-lz4` for compressed segments, and never again.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["WAL_WRITE_GOLDEN"]?.hasPrefix("v1.") == true))
    func write() throws {
        let version = try #require(ProcessInfo.processInfo.environment["WAL_WRITE_GOLDEN"])
        let directory = Self.folder.appending(path: version).path
        if version.contains("replica") {
            try writeReplica(to: directory)
            if version.hasSuffix("lz4") { try CompressedSegmentTests.compressAll(in: directory) }
            return try FileManager.default.removeItem(atPath: directory + "/LOCK")
        }
        let log = try WriteAheadLog.openBlocking(at: directory, configuration: .small())
        for number in 1...5 { try log.appendBlocking(payload(number)) }
        var plain = RecordBatch()
        for number in 6...10 { plain.append(payload(number)) }
        try log.appendBlocking(plain)
        try log.setCursor("consumer", to: 7)
        try log.rollBlocking()
        var compressed = RecordBatch()
        for number in 11...60 { compressed.append(payload(number, size: 100)) }
        try log.appendBlocking(compressed, bookmark: Bookmark(name: "input", position: 42, metadata: [1, 2, 3]))
        try log.appendBlocking([])
        try log.closeBlocking()
        if version.hasSuffix("lz4") { try CompressedSegmentTests.compressAll(in: directory) }
        try FileManager.default.removeItem(atPath: directory + "/LOCK")
    }
}
