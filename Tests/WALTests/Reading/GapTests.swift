import Foundation
import TestSupport
import Testing

@testable import WAL

/// A reader must report lost records, and must not end early. Otherwise a service reads fewer records than were acknowledged,
/// without an error.
@Suite struct GapTests {
    /// A copy of a golden log with one changed file.
    private static func golden(
        _ version: String, _ name: String, _ change: (inout [UInt8]) -> Void
    ) throws -> TemporaryDirectory {
        let copy = TemporaryDirectory()
        let path = GoldenTests.folder.appending(path: version).path
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        try changeFile(copy.path + "/" + name, change)
        return copy
    }

    /// A log with the present boot identifier: five records and a batch of five, and ten records in a second segment. Changes the
    /// first segment.
    private static func small(_ change: (inout [UInt8]) -> Void) throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...5 { try log.appendBlocking(payload(number)) }
        var batch = RecordBatch()
        for number in 6...10 { batch.append(payload(number)) }
        try log.appendBlocking(batch)
        try log.rollBlocking()
        for number in 11...20 { try log.appendBlocking(payload(number)) }
        try log.closeBlocking()
        try changeFile(directory.path + "/" + (try segmentNames(directory.path)[0]), change)
        return directory
    }

    private static func changeFile(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        change(&bytes)
        try Data(bytes).write(to: URL(filePath: path))
    }

    private static func header(_ bytes: [UInt8]) -> SegmentHeader? {
        guard case .header(let header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) }) else { return nil }
        return header
    }

    private static func changeHeader(_ bytes: inout [UInt8], _ change: (inout SegmentHeader) -> Void) throws {
        var changed = try #require(header(bytes))
        change(&changed)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { changed.encode(to: base) }
        }
    }

    /// A writer that ends cuts its last file. A reader in another process may be about to look at the bytes after the last record.
    @Test func aFileThatIsCutAfterTheLastRecordDoesntEndTheReader() throws {
        let (directory, copy) = (TemporaryDirectory(), TemporaryDirectory())
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...3 { try log.appendBlocking(payload(number)) }
        log.waitUntilPrepared()
        try FileManager.default.copyItem(atPath: directory.path, toPath: copy.path)
        try log.closeBlocking()
        let reader = try ReadOnlyLog(at: copy.path).reader()
        for _ in 1...3 { _ = try #require(try reader.next()) }
        let path = copy.path + "/" + (try segmentNames(copy.path)[0])
        #expect(truncate(path, 4096) == 0)
        while try reader.nextEntry() != nil {}
    }

    private static func gaps(_ entries: [LogEntry]) -> [LogGap] {
        entries.compactMap { if case .gap(let gap) = $0 { gap } else { nil } }
    }

    private static func sequences(_ entries: [LogEntry]) -> [UInt64] {
        entries.compactMap { if case .record(let record) = $0 { record.sequence.rawValue } else { nil } }
    }

    @Test func damageInACompressedSegmentIsAGap() throws {
        let copy = try Self.golden("v1.0-lz4", "00000000000000000001.wal.lz4") { bytes in
            bytes[100] = 0xFF
            bytes[101] = 0xFF
        }
        let entries = try readEntries(ReadOnlyLog(at: copy.path).reader())
        #expect(Self.sequences(entries) == Array(11...61))
        #expect(Self.gaps(entries).map(\.first) == [1])
        #expect(Self.gaps(entries).map(\.last) == [10])
        #expect(Self.gaps(entries).map(\.isAcknowledged) == [true])
    }

    @Test(arguments: [1024, 512, 10, 0]) func aCutSegmentInTheMiddleIsAGap(_ size: Int) throws {
        let directory = TemporaryDirectory()
        try makeLog(at: directory.path, segments: 3)
        let names = try segmentNames(directory.path)
        try Self.changeFile(directory.path + "/" + names[1]) { $0 = Array($0[..<size]) }
        let entries = try readEntries(ReadOnlyLog(at: directory.path).reader())
        #expect(Self.sequences(entries) == Array(1...50) + Array(101...150))
        #expect(Self.gaps(entries).map(\.first) == [51])
        #expect(Self.gaps(entries).map(\.last) == [100])
        #expect(Self.gaps(entries).map(\.reason) == [.unreadable])
        #expect(Self.gaps(entries).map(\.isAcknowledged) == [true])

        // Readers of records alone get the sequence number from which to continue.
        let reader = try ReadOnlyLog(at: directory.path).reader()
        for _ in 1...50 { #expect(try reader.next() != nil) }
        let error = #expect(throws: WALError.self) { try reader.next() }
        #expect(error?.code == .corrupted)
        #expect(error?.gap?.next == 101)
        #expect(try reader.next()?.sequence == 101)
    }

    @Test func aTornTailIsACleanEnd() throws {
        let copy = try Self.golden("v1.0", "00000000000000000002.wal") { $0 = Array($0[..<1300]) }
        let entries = try readEntries(ReadOnlyLog(at: copy.path).reader())
        #expect(Self.sequences(entries) == Array(1...10))
        #expect(Self.gaps(entries) == [])
        #expect(try Verification.verifyBlocking(at: copy.path).isDamaged == false)
    }

    /// The header of the next segment states where this one ends, whatever the bytes at its end look like.
    @Test func aFooterThatLooksLikeARecordClaimsNoNumber() throws {
        let copy = try Self.small { bytes in
            guard let footer = SpecimenSegment(bytes, bootID: []).frames.last else { return }
            bytes[footer.offset + 16] = 1
            bytes[bytes.count - 1] ^= 0xFF
        }
        let report = try Verification.verifyBlocking(at: copy.path)
        #expect(report.findings.map(\.sequences) == [nil])
        #expect(Self.gaps(try readEntries(ReadOnlyLog(at: copy.path).reader())) == [])
        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog.openBlocking(at: copy.path, configuration: configuration)
        #expect(Self.gaps(try readEntries(log.reader())) == [])
        #expect(try log.appendBlocking([1]) == 21)
        try log.closeBlocking()
    }

    /// A batch with a right checksum and invalid contents is invalid at its own place.
    @Test func aBatchWithGarbageInsideIsAGap() throws {
        var place = 0
        let copy = try Self.small { bytes in
            guard let batch = SpecimenSegment(bytes, bootID: []).frames.first(where: { $0.kind == 2 }) else { return }
            place = batch.offset
            // The size of the first record.
            bytes[batch.offset + 24 + 16] ^= 0xFF
            if let header = Self.header(bytes) { sealFrame(&bytes, header, at: place) }
        }
        let report = try Verification.verifyBlocking(at: copy.path)
        #expect(report.findings.map(\.offset) == [place])
        #expect(report.findings.map(\.sequences) == [6...10])
        let entries = try readEntries(ReadOnlyLog(at: copy.path).reader())
        #expect(Self.gaps(entries).map(\.offset) == [place])
        #expect(Self.sequences(entries) == Array(1...5) + Array(11...20))
    }

    /// No segment has more than 2^26 records. Readers, verify and repair agree that a frame with a higher record index is
    /// invalid.
    @Test(arguments: [1 << 26, 1 << 26 + 1] as [UInt32]) func aRecordIndexThatIsTooHighIsAGap(_ index: UInt32) throws {
        var place = 0
        let copy = try Self.small { bytes in
            guard let frame = SpecimenSegment(bytes, bootID: []).frames.first(where: { $0.recordIndex == 3 }) else {
                return
            }
            place = frame.offset
            for byte in 0..<4 { bytes[place + 8 + byte] = UInt8(truncatingIfNeeded: index >> (8 * UInt32(byte))) }
            if let header = Self.header(bytes) { sealFrame(&bytes, header, at: place) }
        }
        #expect(place > 0)
        try Self.expectAgreement(copy.path, gap: 4...4, at: place)
    }

    @Test(arguments: [0, 0xFF] as [UInt8]) func bytesBehindAFooterChangeNothing(_ byte: UInt8) throws {
        let copy = try Self.small { $0 += [UInt8](repeating: byte, count: 24) }
        try Self.expectAgreement(copy.path, gap: nil, at: 0)
    }

    /// Verifying, dumping and opening report the same, and find nothing new afterwards.
    private static func expectAgreement(_ path: String, gap: ClosedRange<UInt64>?, at offset: Int) throws {
        let lost = gap.map { [SequenceNumber(rawValue: $0.lowerBound)...SequenceNumber(rawValue: $0.upperBound)] } ?? []
        let wanted = (1...20).filter { !(gap?.contains($0) ?? false) } as [UInt64]
        let report = try Verification.verifyBlocking(at: path)
        #expect(report.findings.compactMap(\.sequences) == lost)
        #expect(report.findings.map(\.offset) == (gap == nil ? [] : [offset]))
        let entries = try readEntries(ReadOnlyLog(at: path).reader())
        #expect(Self.sequences(entries) == wanted)
        #expect(Self.gaps(entries).map(\.offset) == (gap == nil ? [] : [offset]))
        for number in wanted {
            let reader = try ReadOnlyLog(at: path).reader(from: SequenceNumber(rawValue: number))
            #expect(try reader.next()?.sequence.rawValue == number)
        }
        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog.openBlocking(at: path, configuration: configuration)
        #expect(log.recovery.findings.compactMap(\.sequences) == lost)
        #expect(Self.sequences(try readEntries(log.reader())) == wanted)
        try log.closeBlocking()
        #expect(try Verification.verifyBlocking(at: path).findings.isEmpty)
        let repaired = try readEntries(ReadOnlyLog(at: path).reader())
        #expect(Self.sequences(repaired) == wanted)
        #expect(Self.gaps(repaired).compactMap(\.last?.rawValue) == (gap.map { [$0.upperBound] } ?? []))
    }

    /// A segment in the middle is missing, without evidence that it was durable. Before and after an opening, it counts as never
    /// acknowledged.
    @Test func whatWasNeverAcknowledgedStaysSo() throws {
        let copy = try Self.golden("v1.0-lz4", "00000000000000000003.wal") { $0 = Array($0[..<1000]) }
        try FileManager.default.removeItem(atPath: copy.path + "/00000000000000000002.wal.lz4")
        let before = Self.gaps(try readEntries(ReadOnlyLog(at: copy.path).reader())).filter { $0.reason == .missing }
        #expect(before.map(\.isAcknowledged) == [false])
        let log = try WriteAheadLog.openBlocking(at: copy.path, configuration: .small())
        let after = Self.gaps(try readEntries(log.reader())).filter { $0.first == 11 }
        #expect(after.map(\.reason) == [.void])
        #expect(after.map(\.last) == [61])
        try log.closeBlocking()
    }

    @Test func aFollowerThatIsOvertakenGetsTheLostRange() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small(.always)
        configuration.retention = WriteAheadLog.Retention(age: .zero)
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        for number in 1...10 { try await log.append(payload(number)) }
        let follower = try ReadOnlyLog(at: directory.path).reader()
        #expect(try readEntries(follower).count == 10)
        for _ in 0..<3 {
            try await log.roll()
            for number in 1...10 { try await log.append(payload(number)) }
        }
        try log.setCursor("consumer", to: 30)
        await log.applyRetention()
        let first = log.firstSequence
        #expect(first > 11)
        let entries = try readEntries(follower)
        #expect(Self.gaps(entries).map(\.first) == [11])
        #expect(Self.gaps(entries).map(\.next) == [first])
        #expect(Self.gaps(entries).map(\.reason) == [.removed])
        #expect(Self.sequences(entries) == Array(first.rawValue...40))
        // A reader from a removed number gets the lost range, too. A reader without a number begins with the first existing
        // record.
        #expect(Self.gaps(try readEntries(log.reader(from: 5))).map(\.first) == [5])
        #expect(Self.gaps(try readEntries(log.reader())) == [])
        let error = #expect(throws: WALError.self) { try log.reader(from: 5).next() }
        #expect(error?.code == .removed)
        try await log.close()
    }

    @Test func anOpenLogWithADamagedSegmentIsReadOn() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...20 { try await log.append(payload(number)) }
        try await log.roll()
        for number in 21...30 { try await log.append(payload(number)) }
        try await log.close()
        let name = try segmentNames(directory.path)[0]
        try Self.changeFile(directory.path + "/" + name) { bytes in
            bytes[SpecimenSegment(bytes, bootID: []).recordFrames[4].offset + 30] ^= 1
        }
        let again = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let entries = try readEntries(again.reader())
        #expect(Self.sequences(entries) == Array(1...4) + Array(6...30))
        #expect(Self.gaps(entries).map(\.first) == [5])
        #expect(Self.gaps(entries).map(\.isAcknowledged) == [true])
        try await again.close()
    }

    /// Counts the reads of a whole file of this size.
    private final class WholeReads: StorageHook {
        private let size: Int
        private let found = Monitor(0)
        var count: Int { found.withLock { $0 } }

        init(size: Int) { self.size = size }

        func before(_ call: StorageCall) -> StorageVerdict {
            if case .read(_, let offset, let count) = call, offset == 0, count == size { found.withLock { $0 += 1 } }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// A scan for each of thousands of gaps would take minutes.
    @Test func oneScanFindsAllGapsOfASegment() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...200 { try await log.append(payload(number)) }
        try await log.roll()
        try await log.close()
        var size = 0
        try Self.changeFile(directory.path + "/" + (try segmentNames(directory.path)[0])) { bytes in
            let frames = SpecimenSegment(bytes, bootID: []).recordFrames
            for index in stride(from: 1, to: 200, by: 2) { bytes[frames[index].offset + 30] ^= 1 }
            size = bytes.count
        }
        let reads = WholeReads(size: size)
        StorageHooks.install(reads, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let again = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let entries = try readEntries(again.reader())
        let numbers: [UInt64] = Array(1...200)
        let odd = numbers.filter { $0 % 2 == 1 }
        let even = numbers.filter { $0 % 2 == 0 }
        #expect(Self.sequences(entries) == odd)
        #expect(Self.gaps(entries).map(\.first.rawValue) == even)
        #expect(reads.count == 1)
        try await again.close()
    }

    /// A sealed file is smaller than its mapping. The damaged record states a length past the file's end. Or it has
    /// bytes that look like such a frame, and a search for the next frame finds them.
    @Test(arguments: [Frame.Offset.length, Frame.Offset.checksum])
    func aReaderOfALiveSegmentStaysWithinItsFile(_ field: Int) async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let number = UInt32(WriteAheadLog.Configuration.small().segmentSize / 2)
        var frame: [UInt8] = []
        frame.add(number)
        frame.add(0 as UInt32)
        frame.add(1000 as UInt32)
        frame.add(Frame.durableDistanceUnknown)
        frame.add(UInt64(Frame.Kind.record.rawValue))
        try await log.append(payload(1))
        try await log.append(frame)
        try await log.roll()
        try await log.append(payload(3))
        try await log.untilSealed()
        #expect(log.engine.catalog.state.withLock { $0.entries[0].live != nil && $0.entries[0].footer != nil })
        let name = try segmentNames(directory.path)[0]
        let image = LogImage(files: try contents(of: directory.path), names: [name], payloads: [:])
        let second = try #require(image.frames(name).first { $0.sequences == 2..<3 })
        let file = try FileHandle(forWritingTo: URL(filePath: directory.path + "/" + name))
        try file.seek(toOffset: UInt64(second.offset + field))
        try file.write(contentsOf: withUnsafeBytes(of: number.littleEndian, Array.init))
        try file.close()
        let entries = try readEntries(log.reader())
        #expect(Self.sequences(entries) == [1, 3])
        #expect(Self.gaps(entries).map(\.first) == [2])
        #expect(Self.gaps(entries).map(\.last) == [2])
        try await log.close()
    }

    /// The readers enter the segment while its file has the full size. The damaged record states a length past the end
    /// of the sealed file.
    @Test(arguments: [false, true])
    func aReaderThatEnteredASegmentBeforeItWasSealedStaysWithinItsFile(isOfTheLog: Bool) async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await log.append(payload(1))
        let other = try ReadOnlyLog(at: directory.path)
        let reader = isOfTheLog ? log.reader() : other.reader()
        let seeking = isOfTheLog ? log.reader() : other.reader()
        #expect(try reader.next()?.sequence == 1)
        seeking.seek(to: 1)
        #expect(try seeking.next()?.sequence == 1)
        try await log.append(payload(2))
        try await log.roll()
        try await log.append(payload(3))
        try await log.untilSealed()
        let name = try segmentNames(directory.path)[0]
        let image = LogImage(files: try contents(of: directory.path), names: [name], payloads: [:])
        let second = try #require(image.frames(name).first { $0.sequences == 2..<3 })
        let length = UInt32(WriteAheadLog.Configuration.small().segmentSize / 2)
        let file = try FileHandle(forWritingTo: URL(filePath: directory.path + "/" + name))
        try file.seek(toOffset: UInt64(second.offset + Frame.Offset.length))
        try file.write(contentsOf: withUnsafeBytes(of: length.littleEndian, Array.init))
        try file.close()
        seeking.seek(to: 3)
        #expect(try seeking.next()?.sequence == 3)
        let entries = try readEntries(reader)
        #expect(Self.sequences(entries) == [3])
        #expect(Self.gaps(entries).map(\.first) == [2])
        #expect(Self.gaps(entries).map(\.last) == [2])
        try await log.close()
        withExtendedLifetime(directory) {}
    }

    /// The reader has found the damage at the end of the log. The frames that come after it are in the same file.
    @Test func aReaderOfADirectoryContinuesAfterDamageInTheLastFrame() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        // With another file, the reader would examine the log again.
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        for number in 1...2 { try await log.append(payload(number)) }
        let path = directory.path + "/" + (try segmentNames(directory.path)[0])
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let place = SpecimenSegment(bytes, bootID: []).recordFrames[1].offset + Frame.Offset.body
        // In place, because the writer has mapped the file.
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: Data([bytes[place] ^ 1]))
        try file.close()
        let reader = try ReadOnlyLog(at: directory.path).reader()
        let entries = try readEntries(reader)
        #expect(Self.sequences(entries) == [1])
        #expect(Self.gaps(entries).map(\.first) == [2])
        #expect(Self.gaps(entries).map(\.last) == [2])
        #expect(try readEntries(reader).isEmpty)
        try await log.append(payload(3))
        let later = try readEntries(reader)
        #expect(Self.sequences(later) == [3])
        #expect(Self.gaps(later).isEmpty)
        try await log.close()
        withExtendedLifetime(directory) {}
    }

    /// A gap is an element, so that a loop can't overlook it.
    @Test func gapsAreElementsOfTheSequence() async throws {
        let copy = try Self.small { $0[1024 + 30] ^= 1 }
        var entries: [LogEntry] = []
        for try await entry in try ReadOnlyLog(at: copy.path).entries() {
            entries.append(entry)
            if entries.count == 20 { break }
        }
        #expect(Self.gaps(entries).map(\.first) == [1])
        #expect(Self.sequences(entries) == Array(2...20))
        await #expect {
            for try await _ in try ReadOnlyLog(at: copy.path).records() {}
        } throws: { ($0 as? WALError)?.gap?.next == 2 }
    }

    /// A reader by time that finds no record reaches the end. A loss there is one gap, not one for each check.
    @Test func aLossAtTheEndComesOnceByTime() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...5 { try log.appendBlocking(payload(number)) }
        try log.closeBlocking()
        try Self.changeFile(directory.path + "/" + (try segmentNames(directory.path)[0])) { bytes in
            guard let header = Self.header(bytes), let frame = SpecimenSegment(bytes, bootID: []).frames.dropLast().last
            else { return }
            // The files of a killed writer, with a flipped bit in the last record.
            bytes = Array(bytes[..<frame.end]) + [UInt8](repeating: 0, count: Int(header.capacity) - frame.end)
            bytes[frame.end - 8] ^= 1
        }
        for isByTime in [true, false] {
            let log = try ReadOnlyLog(at: directory.path)
            let reader = isByTime ? log.reader(since: .now + .seconds(3600)) : log.reader()
            var gaps: [LogGap] = []
            for _ in 0..<20 {
                guard let entry = try reader.nextEntry() else { break }
                gaps += Self.gaps([entry])
            }
            #expect(gaps.map(\.first) == [5])
            #expect(gaps.map(\.last) == [5])
        }
    }

    /// The log's first segment has no header, and the next one was never durable: the log ends there.
    @Test func aLossIsAGapWhereNoSegmentIsLeft() throws {
        let copy = TemporaryDirectory()
        let path = GoldenTests.folder.appending(path: "v1.0-no-segment-left").path
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        let finding = try #require(try Verification.verifyBlocking(at: copy.path).findings.first)
        #expect(finding.sequences == 1...15)
        let entries = try readEntries(ReadOnlyLog(at: copy.path).reader())
        #expect(Self.sequences(entries) == [])
        #expect(Self.gaps(entries).map(\.first) == [1])
        #expect(Self.gaps(entries).map(\.last) == [15])
        #expect(Self.gaps(entries).map(\.isAcknowledged) == [true])
    }

    /// A void frame at the end of a segment doesn't stand for numbers that the next segment skips, because those may have been
    /// given.
    @Test func whatASegmentSkipsIsNotTheVoidFrames() throws {
        let directory = try Self.small { _ in }
        let names = try segmentNames(directory.path)
        let next = directory.path + "/" + names[1]
        let end = Int(try #require(Self.header([UInt8](try Data(contentsOf: URL(filePath: next))))).predecessor.length)
        try Self.changeFile(next) { bytes in
            try? Self.changeHeader(&bytes) { header in
                header.baseSequence = 30
                header.predecessor.length = UInt64(end + Frame.headerSize)
            }
        }
        try Self.changeFile(directory.path + "/" + names[0]) { bytes in
            guard let header = Self.header(bytes) else { return }
            let frame = Frame.encode(
                kind: .void, recordIndex: 10, durableDistance: 0, time: 0,
                body: UnsafeRawBufferPointer(start: nil, count: 0),
                seed: Frame.seed(logID: header.logID, incarnation: header.incarnation), offset: end)
            bytes = Array(bytes[..<end]) + frame
        }
        let gaps = Self.gaps(try readEntries(ReadOnlyLog(at: directory.path).reader()))
        #expect(gaps.map(\.first) == [11])
        #expect(gaps.map(\.last) == [29])
        #expect(gaps.map(\.isAcknowledged) == [nil])
        #expect(gaps.map(\.reason) == [.skipped])
    }
}
