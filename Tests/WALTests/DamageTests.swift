import Foundation
import Testing

@testable import WAL

/// A damaged byte must cost no more than the records it is in, must be told, and must never come out as another payload. A log
/// that doesn't open is deleted by its owner, and then everything is lost.
@Suite struct DamageTests {
    /// What opening has to come to.
    struct Expectation {
        var classification: RecoveryReport.Classification?
        var lost: Set<UInt64> = []
        /// Nil: the numbers can't be known to the last one.
        var sequences: ClosedRange<UInt64>?
        var isRangeExact = true
    }

    @Test(arguments: [false, true], [0, 1])
    func everyByteFlipped(_ isOtherBoot: Bool, _ segment: Int) async throws {
        let image = isOtherBoot ? try await LogImage.make().ofOtherBoot() : try await LogImage.make()
        #expect(image.names.count == 2 && image.payloads.count == 207)
        let name = image.names[segment]
        let size = image.files[name]?.count ?? 0
        let used = image.frames(name).last?.end ?? 0
        let directory = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // Which bits of a frame are hit matters less for what another run of the kernel means.
        let step = isOtherBoot ? 7 : 1
        for offset in Array(stride(from: 0, to: min(size, used + 40), by: step))
            + Array(stride(from: used + 40, to: size, by: 7993))
        {
            // A long loop that never suspends would keep other tests' tasks waiting.
            await Task.yield()
            var damaged = image
            damaged.files[name]?[offset] ^= 1 << (offset % 8)
            let expectation = expectationForFlip(image, segment, offset, isOtherBoot: isOtherBoot)
            try check(
                damaged, expectation, original: image, in: directory, every: offset, "flip at \(offset) of \(name)")
        }
    }

    @Test(arguments: [0, 1])
    func cutAtEveryLength(_ segment: Int) async throws {
        let image = try await LogImage.make()
        #expect(image.names.count == 2 && image.payloads.count == 207)
        let name = image.names[segment]
        let size = image.files[name]?.count ?? 0
        let used = image.frames(name).last?.end ?? 0
        let directory = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for length in Array(0..<min(size, used + 40)) + Array(stride(from: used + 40, to: size, by: 7993)) {
            // A long loop that never suspends would keep other tests' tasks waiting.
            await Task.yield()
            var damaged = image
            damaged.files[name] = damaged.files[name]?.prefix(length)
            var expectation = Expectation(classification: .corruption, isRangeExact: segment == 0)
            let cut = image.frames(name).filter { $0.end > length || length < 512 }
            expectation.lost = Set(cut.flatMap(\.sequences))
            if segment == 0, let first = expectation.lost.min(), let last = expectation.lost.max() {
                expectation.sequences = first...last
            }
            try check(damaged, expectation, original: image, in: directory, every: length, "\(name) cut at \(length)")
        }
    }

    private func expectationForFlip(
        _ image: LogImage, _ segment: Int, _ offset: Int, isOtherBoot: Bool
    ) -> Expectation {
        let name = image.names[segment]
        if offset < 1024 { return Expectation(classification: .corruption) }
        let frames = image.frames(name)
        guard let index = frames.firstIndex(where: { $0.offset <= offset && offset < $0.end }) else {
            guard offset < (frames.last?.end ?? 0) + 8 else { return Expectation() }
            return Expectation(classification: isOtherBoot ? .tornTail : .corruption)
        }
        let frame = frames[index]
        let later = frames[(index + 1)...] + image.names[(segment + 1)...].flatMap { image.frames($0) }
        let wasDurable = later.contains { $0.durablePosition > image.basePosition(name) + UInt64(frame.offset) }
        var expectation = Expectation(classification: .corruption)
        if isOtherBoot, !wasDurable {
            expectation.classification = .tornTail
            expectation.lost = Set(frame.sequences).union(later.flatMap(\.sequences))
            expectation.isRangeExact = false
        } else {
            expectation.lost = Set(frame.sequences)
            expectation.isRangeExact = index + 1 < frames.count || segment == 0
        }
        if let first = expectation.lost.min(), let last = expectation.lost.max() {
            expectation.sequences = first...last
        }
        return expectation
    }

    /// Opens the damaged image, reads all of it, and compares with what was to be expected.
    private func check(
        _ damaged: LogImage, _ expected: Expectation, original: LogImage, in directory: String, every: Int,
        _ what: String
    ) throws {
        try damaged.write(to: directory)
        let before = try contents(of: directory)
        let verified = try Verification.verify(directory: directory)
        var configuration = WriteAheadLog.Configuration.small(.manual)
        configuration.segmentSize = 64 << 10
        configuration.recoveryScope = .everything
        if every % 29 == 0 {
            var strict = configuration
            strict.damagePolicy = .strict
            if expected.classification?.isDamage ?? false {
                let error = #expect(throws: WALError.self, "\(what)") {
                    _ = try WriteAheadLog(at: directory, configuration: strict)
                }
                #expect(error?.code == .corrupted, "\(what)")
                #expect(try contents(of: directory) == before, "\(what)")
            }
        }
        #expect(try contents(of: directory).filter { $0.key.hasSuffix(".wal") } == before, "verifying: \(what)")
        let log = try WriteAheadLog(at: directory, configuration: configuration)
        let report = log.recovery
        #expect(
            report.findings.map(\.classification) == verified.findings.map(\.classification)
                && report.findings.map(\.sequences) == verified.findings.map(\.sequences), "\(what)")
        #expect(report.steps == verified.steps, "\(what)")
        if let classification = expected.classification {
            #expect(report.findings.contains { $0.classification == classification }, "\(what): \(report.findings)")
            #expect(report.isDamaged == classification.isDamage, "\(what): \(report.findings)")
            for finding in report.findings {
                guard let kept = finding.keptAt else {
                    Issue.record("\(what): nothing kept of \(finding)")
                    continue
                }
                let name = String(format: "%020d.wal", finding.segment)
                #expect(FileManager.default.contents(atPath: kept) == damaged.files[name], "\(what)")
            }
        } else {
            #expect(report.findings.isEmpty, "\(what): \(report.findings)")
        }
        let told = report.findings.compactMap(\.sequences)
        if expected.isRangeExact {
            #expect(
                told.map { $0.lowerBound.rawValue...$0.upperBound.rawValue } == (expected.sequences.map { [$0] } ?? []),
                "\(what)")
        } else if let first = expected.lost.min(), let range = told.first {
            #expect(range.lowerBound.rawValue == first, "\(what)")
        }
        var found: [UInt64: [UInt8]] = [:]
        for record in try readAll(log.reader()) { found[record.sequence.rawValue] = record.payload }
        #expect(found == original.payloads.filter { !expected.lost.contains($0.key) }, "\(what)")
        let last = original.payloads.keys.max() ?? 0
        // After a power loss, what was never durable may not have been there for anyone.
        let next = try log.append([1]).rawValue
        #expect(next > last || expected.classification == .tornTail, "\(what): a number was given twice")
        try log.close()
        if every % 11 == 0 {
            let again = try WriteAheadLog(at: directory, configuration: configuration)
            #expect(again.recovery.findings.isEmpty, "second opening after \(what): \(again.recovery.findings)")
            #expect(try readAll(again.reader()).count == found.count + 1, "\(what)")
            try again.close()
        }
    }
}
