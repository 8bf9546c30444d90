import Foundation
import Testing

@testable import WAL

/// Logs written by each version of the format are read for ever: a change that breaks them loses what people have.
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

    /// Two sealed segments with records, plain and compressed batches, a cursor and a bookmark.
    static var payloads: [[UInt8]] {
        (1...5).map { payload($0) } + (6...10).map { payload($0) } + (11...60).map { payload($0, size: 100) } + [[]]
    }

    /// Written once with `WAL_WRITE_GOLDEN=v1.1`, and `v1.1-lz4` for segments that are compressed, and never again.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["WAL_WRITE_GOLDEN"] != nil)) func write() throws {
        let version = try #require(ProcessInfo.processInfo.environment["WAL_WRITE_GOLDEN"])
        let directory = Self.folder.appending(path: version).path
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
