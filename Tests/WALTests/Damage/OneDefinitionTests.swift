import Foundation
import Testing

@testable import WAL

/// A reader and an opening decide by the same rules where a segment's frames break off and which segments count. If they
/// differed, a service would read less than its log has.
@Suite struct OneDefinitionTests {
    /// A log of three segments of ten records each, with files that `change` modifies.
    private static func log(_ change: (inout [[UInt8]]) throws -> Void) throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...30 {
            try log.appendBlocking(payload(number))
            if number % 10 == 0, number < 30 { try log.rollBlocking() }
        }
        try log.closeBlocking()
        let urls = try segmentNames(directory.path).map { URL(filePath: directory.path + "/" + $0) }
        var files = try urls.map { [UInt8](try Data(contentsOf: $0)) }
        try change(&files)
        for (url, file) in zip(urls, files) { try Data(file).write(to: url) }
        return directory
    }

    private static func changeHeader(_ bytes: inout [UInt8], _ change: (inout SegmentHeader) -> Void) throws {
        var header = try header(bytes)
        change(&header)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { header.encode(to: base) }
        }
    }

    private static func header(_ bytes: [UInt8]) throws -> SegmentHeader {
        guard case .header(let header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) }) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return header
    }

    /// Changes a segment as a power loss does: no footer, and the boot identifier of another run of the kernel.
    private static func leaveOpen(_ bytes: inout [UInt8], capacity: Int? = nil) throws {
        let end = try #require(SpecimenSegment(bytes, bootID: []).frames.last { !$0.isFooter }).end
        try changeHeader(&bytes) { $0.bootID = BootID(low: 1, high: 2) }
        let full = Int(try header(bytes).capacity)
        let count = capacity ?? full
        bytes = Array(bytes[..<end]) + [UInt8](repeating: 0, count: max(0, count - end))
    }

    private static func read(_ path: String) throws -> (records: [UInt64], gaps: [LogGap]) {
        var records: [UInt64] = []
        var gaps: [LogGap] = []
        for entry in try readEntries(ReadOnlyLog(at: path).reader()) {
            switch entry {
            case .record(let record): records.append(record.sequence.rawValue)
            case .gap(let gap): gaps.append(gap)
            }
        }
        return (records, gaps)
    }

    /// The next segment's header states a length that is less than its predecessor's frames. Recovery keeps them all, so readers
    /// return them.
    @Test(arguments: [false, true]) func framesBehindTheLengthThatAFollowerGivesAreRead(_ isLengthZero: Bool) throws {
        let directory = try Self.log { files in
            let frame = SpecimenSegment(files[0], bootID: []).recordFrames[3]
            let footer = try #require(SpecimenSegment(files[0], bootID: []).frames.last)
            let capacity = Int(try Self.header(files[0]).capacity)
            files[0] = Array(files[0][..<footer.offset]) + [UInt8](repeating: 0, count: capacity - footer.offset)
            for byte in frame.offset..<frame.offset + 8 { files[0][byte] = 0 }
            try Self.changeHeader(&files[1]) { $0.predecessor.length = isLengthZero ? 0 : UInt64(frame.offset) }
        }
        let findings = try Verification.verifyBlocking(at: directory.path).findings
        #expect(findings.compactMap(\.sequences) == [4...4])
        let before = try Self.read(directory.path)
        #expect(before.records == Array(1...3) + Array(5...30))
        #expect(before.gaps.map(\.first) == [4])
        #expect(before.gaps.map(\.offset) == findings.filter { $0.sequences != nil }.map(\.offset))
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.closeBlocking()
        #expect(try Self.read(directory.path).records == before.records)
    }

    /// The last segment's header claims the first number. A reader from that number begins with the segment that has it.
    @Test func aForgedLowBaseSequenceHidesNoEarlierSegment() throws {
        let directory = try Self.log { files in try Self.changeHeader(&files[2]) { $0.baseSequence = 1 } }
        let first = try #require(try ReadOnlyLog(at: directory.path).reader(from: 1).next())
        #expect(first.payload == payload(1))
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(try log.reader(from: 1).next()?.payload == payload(1))
        try log.closeBlocking()
    }

    /// A file that ends early, and no evidence that the rest was durable. Recovery ends the log there, and so do readers.
    @Test func aSegmentThatIsCutBehindItsFramesEndsTheLogForReadersToo() throws {
        let directory = try Self.log { files in
            try Self.leaveOpen(&files[0], capacity: 0)
            for index in 1...2 {
                try Self.leaveOpen(&files[index])
                let header = try Self.header(files[index])
                for frame in SpecimenSegment(files[index], bootID: []).frames {
                    for byte in 12..<16 { files[index][frame.offset + byte] = 0xFF }
                    sealFrame(&files[index], header, at: frame.offset)
                }
            }
        }
        let findings = try Verification.verifyBlocking(at: directory.path).findings
        #expect(Set(findings.map(\.classification)) == [.tornTail])
        #expect(findings.map(\.segment) == [1, 2, 3])
        #expect(try Self.read(directory.path).records == Array(1...10))
    }

    /// The header of a prepared segment has no base sequence, and a log may have more records than one segment can. So the number
    /// of records doesn't show whether a later segment follows it.
    @Test(arguments: [0, 1 << 27] as [UInt64])
    func aPreparedSegmentThatWasInUseIsFoundInALongLog(_ first: UInt64) throws {
        let directory = try Self.log { files in
            for index in files.indices {
                try Self.leaveOpen(&files[index])
                try Self.changeHeader(&files[index]) { header in
                    header.baseSequence += first
                    header.predecessor.finalSequence += index == 0 ? 0 : first
                }
            }
            try Self.changeHeader(&files[1]) { header in
                header = SegmentHeader(
                    logID: header.logID, segmentNumber: header.segmentNumber, incarnation: header.incarnation,
                    capacity: header.capacity, state: .prepared)
            }
        }
        let report = try WriteAheadLog.recoveryPlanBlocking(at: directory.path, scope: .everything)
        let finding = try #require(report.findings.first { $0.segment == 2 })
        #expect(finding.classification == .tornTail)
        #expect(report.steps.filter { $0.segment == 2 }.map(\.action) == [.setAside])
    }

    /// The number and the lineage of the first segment's predecessor are 0, and a forged file may have these values, too.
    @Test func noSegmentFollowsTheNumberZero() throws {
        let directory = try Self.log { _ in }
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        let names = try segmentNames(directory.path)
        let own = try Self.header([UInt8](try Data(contentsOf: URL(filePath: directory.path + "/" + names[0]))))
        let zero = SegmentHeader(
            logID: own.logID, segmentNumber: 0, incarnation: 0, capacity: own.capacity, state: .prepared)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { zero.encode(to: base) }
        }
        try Data(bytes).write(to: URL(filePath: directory.path + "/" + SegmentName.of(0)))
        #expect(try Verification.verifyBlocking(at: directory.path).findings == [])
        #expect(try Self.read(directory.path).records == Array(1...30))
    }

    /// A plain file of an unknown version next to a compressed one: a newer writer may have made it of the segment.
    @Test func aPlainFileOfAnUnknownVersionIsRefusedBesideACompressedOne() throws {
        let copy = TemporaryDirectory()
        let golden = GoldenTests.folder.appending(path: "v1.0-lz4").path
        try FileManager.default.copyItem(atPath: golden, toPath: copy.path)
        var header = try Self.header(FormatExample.bytes)
        header.segmentNumber = 1
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            header.encode(to: base)
            for copy in [0, SegmentHeader.copySize] {
                base.storeBytes(of: 2, toByteOffset: copy + 8, as: UInt16.self)
                let covered = UnsafeRawBufferPointer(start: base + copy, count: SegmentHeader.copySize - 4)
                base.storeBytes(
                    of: Checksum.of(covered), toByteOffset: copy + SegmentHeader.copySize - 4, as: UInt32.self)
            }
        }
        try Data(bytes).write(to: URL(filePath: copy.path + "/" + SegmentName.of(1)))
        let error = #expect(throws: WALError.self) { try Verification.verifyBlocking(at: copy.path) }
        #expect(error?.code == .versionTooNew)
    }

    /// Where there is no room for a frame, none can be missing, whatever the bytes are.
    @Test func noRecordIsMissingWhereNoFrameHasRoom() throws {
        var header = try Self.header(FormatExample.bytes)
        header.capacity = UInt64(SegmentHeader.size + 16)
        let bytes = Array(FormatExample.bytes[..<SegmentHeader.size]) + [UInt8](repeating: 0, count: 8) + Array(1...8)
        let scan = try bytes.withUnsafeBytes { try SegmentScan(SegmentBytes($0), header: header) }
        #expect(scan.gaps.map(\.offset) == [SegmentHeader.size])
        #expect(scan.gaps.map(\.tail) == [nil])
    }

    /// The footer states where a void frame's numbers end, whatever a later header states.
    @Test func aFootersRecordIndexEndsAVoidFrame() throws {
        let directory = try Self.log { files in
            let last = try #require(SpecimenSegment(files[0], bootID: []).frames.last { $0.recordCount > 0 })
            files[0][last.offset + 16] = Frame.Kind.void.rawValue
            let header = try Self.header(files[0])
            sealFrame(&files[0], header, at: last.offset)
            try Self.changeHeader(&files[2]) { next in
                next.predecessor.number = 1
                next.predecessor.incarnation = header.incarnation
                next.predecessor.finalSequence = 15
            }
            files[1] = Array(files[1][..<10])
        }
        let findings = try Verification.verifyBlocking(at: directory.path).findings
        let finding = try #require(findings.first { $0.segment == 2 })
        #expect(finding.sequences == 11...20)
    }
}
