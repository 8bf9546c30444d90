import Foundation
import Testing

@testable import WAL

/// Puts damaged files into a directory, and compares the results of verifying and opening with the oracle's.
final class DamageCheck {
    let specimen: Specimen
    private let oracle: DamageOracle
    private let directory = Specimen.directory()
    private let undamaged: [UInt64: [UInt8]]
    private(set) var caseCount = 0

    init(_ specimen: Specimen) throws {
        self.specimen = specimen
        oracle = try DamageOracle(specimen)
        undamaged = oracle.outcome(specimen.files).records
        try Specimen.write(specimen.files, to: directory)
    }

    deinit {
        // The test counts a case that fails as a finding.
        Torture.report("damage", Torture.Tally(cases: caseCount, findings: 0, losses: 0))
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Verifies the specimen with some changed files, and restores them. Many times faster than ``open(_:_:)``, because it opens
    /// no log.
    func verify(_ damaged: Specimen.Files, _ label: @autoclosure () -> String) throws {
        caseCount += 1
        let changed = Set(damaged.keys).union(specimen.files.keys).filter { damaged[$0] != specimen.files[$0] }
        for name in changed { try put(damaged[name], name) }
        defer { for name in changed { try? put(specimen.files[name], name) } }
        let report = try Verification.verifyBlocking(at: directory)
        let expected = oracle.outcome(damaged)
        compare(report, expected, label())
        try compareReader(expected, label())
    }

    private func put(_ bytes: [UInt8]?, _ name: String) throws {
        let url = URL(fileURLWithPath: directory + "/" + name)
        if let bytes { try Data(bytes).write(to: url) } else { try FileManager.default.removeItem(at: url) }
    }

    /// Verifies, opens with `strict`, opens, reads all, appends, closes, and opens once more.
    func open(_ damaged: Specimen.Files, _ label: @autoclosure () -> String) throws {
        caseCount += 1
        let label = label()
        let expected = oracle.outcome(damaged)
        try Specimen.write(damaged, to: directory)
        defer { try? Specimen.write(specimen.files, to: directory) }
        let verified = try Verification.verifyBlocking(at: directory)
        compare(verified, expected, label)
        try compareReader(expected, label)
        #expect(try Specimen.read(directory) == damaged, "verifying wrote: \(label)")
        if expected.isDamaged { try expectStrictRefusal(damaged, label) }

        let log = try WriteAheadLog.openBlocking(at: directory, configuration: Specimen.configuration)
        compare(log.recovery, expected, label)
        #expect(log.recovery.steps == verified.steps, "\(label)")
        expectKept(log.recovery, damaged, label)
        let found = try records(log.reader())
        #expect(found == expected.records, "\(label)")
        if expected.findings.isEmpty, expected.records == undamaged {
            #expect(log.cursors.mapValues(\.rawValue) == specimen.cursors, "\(label)")
        }
        let next = try log.appendBlocking([1])
        let last = specimen.payloads.keys.max() ?? 0
        #expect(next.rawValue > last || expected.isEndOpen, "a number was given twice: \(label)")
        let cursors = log.cursors
        try log.closeBlocking()

        let before = try Specimen.read(directory)
        let again = try WriteAheadLog.openBlocking(at: directory, configuration: Specimen.configuration)
        #expect(again.recovery.findings.isEmpty, "second opening: \(label): \(again.recovery.findings)")
        #expect(again.recovery.epoch == log.recovery.epoch, "\(label)")
        #expect(try records(again.reader()).count == found.count + 1, "second opening: \(label)")
        #expect(again.cursors == cursors, "second opening: \(label)")
        let after = try Specimen.read(directory)
        #expect(before.allSatisfy { after[$0.key] == $0.value || isUnused($0.value) }, "second opening: \(label)")
        try again.closeBlocking()
    }

    private func isUnused(_ bytes: [UInt8]) -> Bool { bytes.count > 12 && bytes[12] == 0 }

    private func compare(_ report: RecoveryReport, _ expected: DamageOracle.Outcome, _ label: String) {
        let found = report.findings
        guard found.count == expected.findings.count else {
            Issue.record("\(label): found \(found), expected \(expected.findings)")
            return
        }
        #expect(report.isDamaged == expected.isDamaged, "\(label)")
        for (found, expected) in zip(found, expected.findings) {
            let sequences = found.sequences.map { $0.lowerBound.rawValue...$0.upperBound.rawValue }
            let isRange =
                sequences == expected.sequences
                || (expected.isEndUnknown
                    && (sequences?.lowerBound == expected.sequences?.lowerBound
                        || expected.sequences == nil))
            let fits =
                found.classification == expected.classification && found.segment == expected.segment
                && found.offset == expected.offset && found.byteCount == expected.byteCount ?? found.byteCount
                && found.isAcknowledged == expected.isAcknowledged && isRange
            if !fits { Issue.record("\(label): found \(found), expected \(expected)") }
        }
    }

    /// Before any repair, a reader returns the records that opening would leave, and reports the losses.
    private func compareReader(_ expected: DamageOracle.Outcome, _ label: String) throws {
        let log: ReadOnlyLog
        do throws(WALError) {
            log = try ReadOnlyLog(at: directory)
        } catch {
            if ![.corrupted, .notALogDirectory].contains(error.code) { throw error }
            return
        }
        let entries = try readEntries(log.reader())
        var found: [UInt64: [UInt8]] = [:]
        var isLossReported = false
        for entry in entries {
            switch entry {
            case .record(let record): found[record.sequence.rawValue] = record.payload
            case .gap(let gap): isLossReported = isLossReported || gap.isLoss
            }
        }
        #expect(found == expected.records, "a reader of \(label)")
        let isLoss = expected.findings.contains { $0.isAcknowledged && $0.sequences != nil }
        #expect(isLossReported || !isLoss, "a reader of \(label)")
    }

    private func expectStrictRefusal(_ damaged: Specimen.Files, _ label: String) throws {
        var strict = Specimen.configuration
        strict.damagePolicy = .strict
        let error = #expect(throws: WALError.self, "\(label)") {
            _ = try WriteAheadLog.openBlocking(at: directory, configuration: strict)
        }
        #expect(error?.code == .corrupted, "\(label)")
        #expect(try Specimen.read(directory) == damaged, "strict wrote: \(label)")
    }

    /// Every damaged file is kept unchanged.
    private func expectKept(_ report: RecoveryReport, _ damaged: Specimen.Files, _ label: String) {
        for finding in report.findings
        where finding.classification.isDamage && finding.classification != .missingSegment {
            let name = SegmentName.of(finding.segment)
            let kept = finding.keptAt.flatMap { FileManager.default.contents(atPath: $0) }
            #expect(kept.map { [UInt8]($0) } == damaged[name], "\(label): \(finding) isn't kept")
        }
    }

    private func records(_ reader: LogReader) throws -> [UInt64: [UInt8]] {
        var found: [UInt64: [UInt8]] = [:]
        for record in try readAll(reader) { found[record.sequence.rawValue] = record.payload }
        return found
    }
}
