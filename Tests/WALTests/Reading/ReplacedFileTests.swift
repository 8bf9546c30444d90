import Foundation
import Testing

@testable import WAL

/// A reader in another process has a segment's file open that an opening, a repair or a failed sync replaces. It must
/// continue in the new file. It read the old one up to the same place again and again, without an end.
@Suite struct ReplacedFileTests {
    @Test(arguments: [false, true]) func aReaderContinuesInARepairedSegment(seeks: Bool) throws {
        let directory = TemporaryDirectory()
        try makeLog(at: directory.path, segments: 3)
        let reader = try ReadOnlyLog(at: directory.path).reader()
        if seeks { reader.seek(to: 1) }
        for number in 1...10 { #expect(try reader.next()?.payload == payload(number)) }

        // In place, so that the reader's mapping has the damage, too.
        let path = directory.path + "/" + (try segmentNames(directory.path)[0])
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let place = SpecimenSegment(bytes, bootID: []).recordFrames[29].offset + Frame.Offset.body
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: Data([bytes[place] ^ 1]))
        try file.close()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let repaired = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        #expect(repaired.recovery.findings.map(\.sequences) == [30...30])
        try repaired.closeBlocking()

        if seeks { reader.seek(to: 30) }
        let entries = try readEntries(reader)
        let gaps = entries.compactMap { if case .gap(let gap) = $0 { gap } else { nil } }
        let records = entries.compactMap { if case .record(let record) = $0 { record.sequence.rawValue } else { nil } }
        #expect(gaps.map(\.first) == [30])
        #expect(gaps.map(\.last) == [30])
        #expect(gaps.map(\.reason) == [.lost])
        let wanted: [UInt64] = (seeks ? [] : Array(11...29)) + Array(31...150)
        #expect(records == wanted)
    }

    /// The reader waits at a claim. Its writer dies, and an opening replaces the file, because a record before the
    /// claim is damaged. In the new file, the record after the claim is at a lower offset than the claim was.
    @Test func aReaderContinuesInASmallerFile() throws {
        var first = BuiltSegment(1)
        first.add(.record, payload(1), records: 1)
        first.add(.record, payload(2, size: 500), records: 1)
        let damaged = first.end.offset - 16  // In the payload.
        first.add(.record, payload(3), records: 1)
        first.abandon(byteCount: 32, records: 1)
        first.add(.record, payload(5), records: 1)
        let directory = try BuiltSegment.write([first])
        let file = try #require(FileHandle(forUpdatingAtPath: directory.path + "/" + SegmentName.of(1)))
        try file.seek(toOffset: UInt64(damaged))
        try file.write(contentsOf: Data([0]))
        try file.close()

        let writer = try DirectoryLock(Directory(path: directory.path))
        let reader = try ReadOnlyLog(at: directory.path).reader()
        #expect(try readAll(reader).map(\.payload) == [payload(1), payload(3)])
        writer.release()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(try readAll(reader).map(\.payload) == [payload(5)])
        try log.closeBlocking()
    }

    /// The writer has ended before the reader looks.
    @Test func aReaderContinuesAfterAFailedSync() async throws {
        let directory = TemporaryDirectory()
        let disk = BadFiles()
        StorageHooks.install(disk, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...10 { try await log.append(payload(number)) }
        let reader = try ReadOnlyLog(at: directory.path).reader()
        #expect(try readAll(reader).count == 10)
        disk.addActiveSegment(of: log)
        #expect(try await log.sync() == 10)
        for number in 11...20 { try await log.append(payload(number)) }
        try await log.close()
        #expect(try readAll(reader).map(\.payload) == (11...20).map { payload($0) })
    }
}
