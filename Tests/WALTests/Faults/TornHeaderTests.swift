import Foundation
import Testing

@testable import WAL

/// The kernel may write a page to the disk while a header is copied into it, so that one sector has old and new bytes. That is no
/// damage, because no record of such a segment was durable.
@Suite struct TornHeaderTests {
    @Test(arguments: [0, 1], [16, 80, 120, 148, 400])
    func thePowerWent(copy: Int, cut: Int) throws {
        for records in [0, 3] { try expectNoDamage(records: records, isOtherBoot: true, copy: copy, cut: cut) }
    }

    @Test(arguments: [16, 80, 120, 148, 400])
    func theProcessWasKilled(cut: Int) throws {
        // The first copy is complete before the second one begins.
        try expectNoDamage(records: 0, isOtherBoot: false, copy: 1, cut: cut)
    }

    /// The state of each copy is written after its other fields.
    @Test(arguments: [80, 120, 400, 512], [80, 120, 400, 512])
    func thePowerWentInBothCopies(first: Int, second: Int) throws {
        for records in [0, 3] {
            try expectNoDamage(records: records, kept: 0, isOtherBoot: true) { bytes, unused in
                for (copy, cut) in [(0, first), (1, second)] {
                    let start = copy * SegmentHeader.copySize
                    for place in [0..<16, cut..<SegmentHeader.copySize] {
                        let place = start + place.lowerBound..<start + place.upperBound
                        bytes.replaceSubrange(place, with: unused[place])
                    }
                }
            }
        }
    }

    private func expectNoDamage(records: Int, isOtherBoot: Bool, copy: Int, cut: Int) throws {
        try expectNoDamage(records: records, kept: records, isOtherBoot: isOtherBoot) { bytes, unused in
            let place = copy * SegmentHeader.copySize + cut..<(copy + 1) * SegmentHeader.copySize
            bytes.replaceSubrange(place, with: unused[place])
        }
    }

    /// `undo` restores a part of the bytes that the activation of the newest segment wrote.
    private func expectNoDamage(
        records: Int, kept: Int, isOtherBoot: Bool, undo: (_ bytes: inout [UInt8], _ unused: [UInt8]) -> Void
    ) throws {
        let directory = TemporaryDirectory()
        let header = try makeLog(directory, records: records)
        for name in try segmentNames(directory.path) {
            let path = directory.path + "/" + name
            var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
            if isOtherBoot { bytes.withUnsafeMutableBytes { BootChange.moveToAnotherBoot($0) } }
            if name == SegmentName.of(header.segmentNumber) {
                undo(&bytes, unused(header))
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
        for _ in 0..<2 {
            let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
            #expect(log.recovery.findings.isEmpty, "\(log.recovery.findings)")
            #expect(try readAll(log.reader()).map(\.payload) == (0..<2 + kept).map { payload($0) })
            try log.closeBlocking()
        }
    }

    /// The files of a killed process whose newest segment has just become active. No part of that segment is synced.
    private func makeLog(_ directory: TemporaryDirectory, records: Int) throws -> SegmentHeader {
        let original = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: original.path, configuration: .small())
        try log.appendBlocking(payload(0))
        try log.rollBlocking()
        try log.appendBlocking(payload(1))
        try log.waitUntilDurableBlocking(2)
        try log.rollBlocking()
        for number in 0..<records { try log.appendBlocking(payload(2 + number)) }
        let files = try contents(of: original.path).filter { name, _ in name.hasSuffix(SegmentName.suffix) }
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        for (name, bytes) in files { try bytes.write(to: URL(fileURLWithPath: directory.path + "/" + name)) }
        let newest = log.engine.catalog.state.withLock { state in state.entries.last?.segment.header }
        try log.closeBlocking()
        return try #require(newest)
    }

    /// The header before the segment became active.
    private func unused(_ header: SegmentHeader) -> [UInt8] {
        let prepared = SegmentHeader(
            logID: header.logID, segmentNumber: header.segmentNumber, incarnation: header.incarnation,
            capacity: header.capacity, state: .prepared)
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        bytes.withUnsafeMutableBytes { bytes in if let base = bytes.baseAddress { prepared.encode(to: base) } }
        return bytes
    }
}
