import Foundation
import Testing

@testable import WAL
@testable import WALDelivery

/// Forged headers with right checksums. If each opening found the same loss, each would raise the epoch and report the damage
/// again. If an opening wrote a header that the next opening refuses, the records in between would be lost.
@Suite struct ForgedHeaderTests {
    enum Field: String, CaseIterable {
        case baseSequence, basePosition, epoch, capacity, incarnation, replaced, number
        case predecessorNumber, predecessorIncarnation, predecessorLength, predecessorFinal
    }

    private static let values: [UInt64] = [
        0, 1, 2, 5, 1 << 26, 1 << 26 + 1, 1 << 32, 1 << 40, 1 << 61, 1 << 62 - 1, 1 << 62, 1 << 62 + 1, 1 << 63, .max,
    ]

    @Test(arguments: Field.allCases) func aSecondRepairFindsNothing(_ field: Field) async throws {
        let specimen = try await Specimen.make()
        for name in specimen.activeNames {
            for value in Self.values {
                var files = specimen.files
                guard let bytes = files[name], let forged = Self.forged(bytes, field, value) else { continue }
                files[name] = forged
                try settle(files, "\(field) of \(name) is \(value)")
            }
        }
    }

    /// Readers and recovery understood the two claims to one number in different ways.
    @Test func aSegmentThatClaimsANumberOfTheOneBeforeHasNoHeader() async throws {
        let specimen = try await Specimen.make()
        for name in specimen.activeNames {
            guard let bytes = specimen.files[name],
                case .header(let header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) }),
                let forged = Self.forged(bytes, .predecessorFinal, header.baseSequence)
            else { continue }
            if case .header = forged.withUnsafeBytes({ SegmentHeader.decode($0) }) {
                Issue.record("\(name) has a header")
            }
            var files = specimen.files
            files[name] = forged
            try settle(files, name)
        }
    }

    /// Without the header that is out of reach, each of two logs has one segment, and the first one counts. A reader
    /// took the other log, and returned no record of this one.
    @Test func aReaderTakesTheSameLogAsAnOpening() throws {
        var files: Specimen.Files = [:]
        for (number, id, base) in [(1, 1, 1), (2, 2, 1), (3, 2, 1 << 62 + 1)] as [(UInt64, UInt64, UInt64)] {
            var header = SegmentHeader(
                logID: LogID(low: id, high: 0), segmentNumber: number, incarnation: 100 + number, capacity: 64 << 10,
                state: .active)
            header.baseSequence = base
            let written = header
            let frame = [UInt8(number)].withUnsafeBytes { body in
                Frame.encode(
                    kind: .record, recordIndex: 0, durableDistance: Frame.durableDistanceUnknown, time: 1, body: body,
                    seed: Frame.seed(logID: written.logID, incarnation: written.incarnation),
                    offset: SegmentHeader.size)
            }
            var bytes = [UInt8](repeating: 0, count: 64 << 10)
            bytes.withUnsafeMutableBytes { bytes in
                if let base = bytes.baseAddress { written.encode(to: base) }
            }
            bytes.replaceSubrange(SegmentHeader.size..<SegmentHeader.size + frame.count, with: frame)
            files[SegmentName.of(number)] = bytes
        }
        let path = Specimen.directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Specimen.write(files, to: path)
        #expect(try ReadOnlyLog(at: path).id == LogID(low: 1, high: 0))
        #expect(try readAll(ReadOnlyLog(at: path).reader()).map(\.payload) == [[1]])
        let log = try WriteAheadLog.openBlocking(at: path, configuration: Specimen.configuration)
        #expect(log.id == LogID(low: 1, high: 0))
        #expect(try readAll(log.reader()).map(\.payload) == [[1]])
        try log.closeBlocking()
    }

    private func settle(_ files: Specimen.Files, _ label: String) throws {
        let path = Specimen.directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Specimen.write(files, to: path)
        let log = try WriteAheadLog.openBlocking(at: path, configuration: Specimen.configuration)
        let sequence = try log.appendBlocking([1, 2, 3])
        let epoch = log.recovery.epoch
        try log.closeBlocking()
        let again = try WriteAheadLog.openBlocking(at: path, configuration: Specimen.configuration)
        #expect(again.recovery.findings.isEmpty, "\(label): \(again.recovery.findings)")
        #expect(again.recovery.epoch == epoch, "\(label)")
        #expect(try again.reader(from: sequence).next()?.payload == [1, 2, 3], "\(label)")
        try again.closeBlocking()
        let third = try WriteAheadLog.recoveryPlanBlocking(at: path, scope: .everything)
        #expect(third.findings.isEmpty, "\(label): \(third.findings)")
    }

    private static func forged(_ bytes: [UInt8], _ field: Field, _ value: UInt64) -> [UInt8]? {
        guard case .header(var header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) }) else { return nil }
        switch field {
        case .baseSequence: header.baseSequence = value
        case .basePosition: header.basePosition = value
        case .epoch: header.epoch = value
        case .capacity: header.capacity = value
        case .incarnation: header.incarnation = value
        case .replaced: header.replacedIncarnation = value
        case .number: header.segmentNumber = value
        case .predecessorNumber: header.predecessor.number = value
        case .predecessorIncarnation: header.predecessor.incarnation = value
        case .predecessorLength: header.predecessor.length = value
        case .predecessorFinal: header.predecessor.finalSequence = value
        }
        var bytes = bytes
        bytes.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { header.encode(to: start) }
        }
        return bytes
    }
}
