import Foundation
import Testing
import WALTesting

@testable import WAL

/// Verifying, readers, opening and a second opening must agree: they all read a number, or all of them lack it for the same
/// reason. A reader that skipped a loss that `verify` reports would make a service lose data without an error.
///
/// The test tries 500 logs, and ten thousand in the long form.
@Suite struct DamagedLogTests {
    @Test func allAgreeOnEachDamagedLog() async throws {
        let bases = try await Self.bases()
        Torture.run("damaged logs", filter: "DamagedLogTests", count: 200, long: 10_000) { seed in
            let damaged = DamagedLog(bases, seed: seed)
            var check = AgreementCheck(damaged)
            try check.run()
            return (check.violations, 1)
        }
    }

    private static func bases() async throws -> [DamagedLog.Base] {
        var bases: [DamagedLog.Base] = []
        for isOtherBoot in [false, true] {
            let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
            bases.append(
                DamagedLog.Base(
                    name: isOtherBoot ? "other boot" : "this boot", files: specimen.files, payloads: specimen.payloads))
        }
        let image = try await LogImage.make()
        bases.append(
            DamagedLog.Base(
                name: "killed", files: image.files.mapValues { [UInt8]($0) }, payloads: image.payloads))
        for version in ["v1.0", "v1.0-lz4"] {
            let path = GoldenTests.folder.appending(path: version).path
            var payloads: [UInt64: [UInt8]] = [:]
            for record in try readAll(ReadOnlyLog(at: path).reader()) {
                payloads[record.sequence.rawValue] = record.payload
            }
            let files = try contents(of: path).mapValues { [UInt8]($0) }
            bases.append(DamagedLog.Base(name: version, files: files, payloads: payloads))
        }
        return bases
    }
}

/// Compares the results of verifying, reading and opening a damaged log.
private struct AgreementCheck {
    /// The results of a reader.
    private struct Reading: Equatable {
        var records: [UInt64: [UInt8]] = [:]
        var gaps: [LogGap] = []

        /// The numbers without a record of which some may have been acknowledged, without the gaps whose end isn't known.
        var lost: [ClosedRange<UInt64>] { ranges { $0.isLoss } }
        var void: [ClosedRange<UInt64>] { ranges { !$0.isLoss } }

        func ranges(_ isWanted: (LogGap) -> Bool) -> [ClosedRange<UInt64>] {
            var merged: [ClosedRange<UInt64>] = []
            for gap in gaps where isWanted(gap) {
                guard let last = gap.last else { continue }
                let range = gap.first.rawValue...last.rawValue
                if let before = merged.last, before.upperBound + 1 == range.lowerBound {
                    merged[merged.count - 1] = before.lowerBound...range.upperBound
                } else {
                    merged.append(range)
                }
            }
            return merged
        }
    }

    let damaged: DamagedLog
    /// The number that the opened log gave to an appended record.
    private var appended: UInt64?
    private(set) var violations: [LogHistory.Violation] = []

    init(_ damaged: DamagedLog) {
        self.damaged = damaged
    }

    private mutating func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition {
            violations.append(LogHistory.Violation(.loss, "\(text()); \(damaged.base.name): \(damaged.changes)"))
        }
    }

    mutating func run() throws {
        let path = Specimen.directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Specimen.write(damaged.files, to: path)
        do throws(WALError) {
            try compare(path)
        } catch {
            // The numbers that a forged header can name.
            let expected: [WALError.Code] = [.versionTooNew, .notALogDirectory]
            expect(expected.contains(error.code), "\(error)")
        }
    }

    private mutating func compare(_ path: String) throws(WALError) {
        let report = try Verification.verifyBlocking(at: path)
        let before = try reading(path)

        let log = try WriteAheadLog.openBlocking(at: path, configuration: Specimen.configuration)
        let opened = read(log.reader(from: 1))
        // If two headers claim a number and one of them is forged, the reason why it is missing can't be known.
        let isUnique = Self.isRising(log.segments)
        if let before, isUnique { compare(before, with: report) }
        expect(
            log.recovery.findings.map(\.withoutPlace) == report.findings.map(\.withoutPlace),
            "opening found \(log.recovery.findings), verify \(report.findings)")
        if let before, let opened {
            expect(opened.records == before.records, "read \(Self.difference(before, opened)) otherwise when open")
        }
        if let before, let opened, isUnique {
            let kept = before.lost.filter { range in !opened.lost.contains { $0.contains(range) } }
            expect(kept.isEmpty, "\(kept) was lost before opening, and is \(opened.gaps) after it")
            let void = before.void.filter { range in !opened.void.contains { $0.contains(range) } }
            expect(void.isEmpty, "\(void) was void before opening, and is \(opened.gaps) after it")
        }
        let next = try log.appendBlocking([1])
        appended = next.rawValue
        expect(!(before?.records.keys.contains(next.rawValue) ?? false), "\(next) was given again")
        try log.closeBlocking()

        let again = try WriteAheadLog.recoveryPlanBlocking(at: path, scope: .everything)
        expect(again.findings.isEmpty, "a second repair finds \(again.findings), after \(report.findings)")
        // Each opening removes prepared segments that weren't used.
        let steps = again.steps.filter { $0.action != .remove }
        expect(steps.isEmpty, "a second repair does \(steps), after \(report.steps)")
        let after = try reading(path)
        if let after, var opened {
            opened.records[next.rawValue] = [1]
            expect(after.records == opened.records, "read \(Self.difference(opened, after)) otherwise when closed")
            let isSame = after.lost == opened.lost || after.gaps.count > opened.gaps.count
            expect(isSame, "\(after.gaps) and \(opened.gaps)")
        }
    }

    private static func isRising(_ segments: [SegmentInfo]) -> Bool {
        zip(segments, segments.dropFirst()).allSatisfy {
            $0.lastSequence ?? 0 < $1.firstSequence
        }
    }

    private static func difference(_ first: Reading, _ second: Reading) -> String {
        let keys = Set(first.records.keys).union(second.records.keys)
        let different = keys.filter { first.records[$0] != second.records[$0] }.sorted()
        return "\(different.count) numbers from \(different.first ?? 0) on"
    }

    /// Nil if readers refuse the directory.
    private mutating func reading(_ path: String) throws(WALError) -> Reading? {
        let log: ReadOnlyLog
        do throws(WALError) {
            log = try ReadOnlyLog(at: path)
        } catch {
            expect([.corrupted, .notALogDirectory, .versionTooNew].contains(error.code), "\(error)")
            return nil
        }
        let reading = read(log.reader(from: 1))
        if let reading { compareForms(of: log, with: reading) }
        return reading
    }

    /// Reads everything, in order, each number once.
    private mutating func read(_ reader: LogReader) -> Reading? {
        var reading = Reading()
        var next: UInt64?
        do throws(WALError) {
            while let entry = try reader.nextEntry() {
                switch entry {
                case .record(let record):
                    expect(
                        record.sequence.rawValue == next ?? record.sequence.rawValue,
                        "read \(record.sequence) where \(next ?? 0) comes next")
                    next = record.sequence.rawValue + 1
                    reading.records[record.sequence.rawValue] = record.payload
                    let isRight =
                        damaged.isForged || record.sequence.rawValue == appended
                        || damaged.base.payloads[record.sequence.rawValue] == record.payload
                    expect(isRight, "read \(record.sequence) wrongly")
                case .gap(let gap):
                    expect(gap.last.map { $0 >= gap.first } ?? true, "\(gap)")
                    expect(
                        next.map { gap.first.rawValue >= $0 } ?? true,
                        "\(gap) where \(next ?? 0) comes next")
                    next = gap.last.map { $0.rawValue + 1 } ?? next
                    reading.gaps.append(gap)
                }
            }
        } catch {
            expect(false, "the reader throws \(error)")
            return nil
        }
        return reading
    }

    /// A reader of records alone throws at each loss, and returns the same records.
    private mutating func compareForms(of log: ReadOnlyLog, with reading: Reading) {
        let reader = log.reader(from: 1)
        var records: [UInt64: [UInt8]] = [:]
        var losses: [LogGap] = []
        while true {
            do throws(WALError) {
                guard let record = try reader.next() else { break }
                records[record.sequence.rawValue] = record.payload
            } catch {
                guard let gap = error.gap else { return expect(false, "the reader of records throws \(error)") }
                losses.append(gap)
            }
        }
        expect(records == reading.records, "records alone are others")
        expect(losses == reading.gaps.filter(\.isLoss), "losses alone are \(losses), not \(reading.gaps)")
    }

    /// Each loss that verify reports is a gap for readers, and they have no other gaps.
    private mutating func compare(_ reading: Reading, with report: RecoveryReport) {
        for finding in report.findings where finding.classification != .tornTail {
            guard let sequences = finding.sequences else { continue }
            let wanted = sequences.lowerBound.rawValue...sequences.upperBound.rawValue
            let there = finding.isAcknowledged ? reading.lost : reading.ranges { $0.isAcknowledged == false }
            expect(there.contains { $0.contains(wanted) }, "\(finding) is no gap: \(reading.gaps)")
        }
        let findings = report.findings.compactMap(\.sequences).map { $0.lowerBound.rawValue...$0.upperBound.rawValue }
        for gap in reading.gaps where gap.reason == .unreadable || gap.reason == .missing {
            guard let last = gap.last else { continue }
            let isFound = findings.contains { $0.contains(gap.first.rawValue...last.rawValue) }
            expect(isFound, "\(gap) is no finding: \(report.findings)")
        }
        if report.findings.contains(where: { $0.isAcknowledged && $0.sequences != nil }) {
            let isReported = reading.gaps.contains(where: \.isLoss)
            expect(isReported, "a dump would end with 0 in spite of \(report.findings)")
        }
    }
}

extension RecoveryReport.Finding {
    /// The directory as it was before opening kept the damaged files.
    fileprivate var withoutPlace: Self {
        var finding = self
        finding.keptAt = nil
        return finding
    }
}
