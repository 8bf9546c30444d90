import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// A real file system with each number of free pages, from zero up. With any of them the log must open, lose nothing, and
/// continue once there is space again.
@Suite(.serialized, .enabled(if: LoopDisk.isPossible, "needs root and loop devices"))
struct FullFileSystemTests {
    private static let pageSize = 4096

    @Test(.timeLimit(.minutes(10)), arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func everyNumberOfFreePages(_ policy: WriteAheadLog.SyncPolicy) throws {
        let disk = try #require(LoopDisk(megabytes: 8))
        // With more free pages, two more segments fit, so the behavior repeats.
        let first = policy == .always ? 0 : 1
        for pageCount in stride(from: Torture.isLong ? 0 : first, through: 40, by: Torture.isLong ? 1 : 2) {
            let violations = try Self.live(on: disk, pageCount: pageCount, policy)
            Torture.report(
                "full file system", Torture.Tally(cases: 1, findings: violations.isEmpty ? 0 : 1, losses: 0))
            #expect(violations == [], "\(pageCount) pages free")
        }
    }

    /// The files of a log grow to 64 MiB. A disk that has no space for one of that size can still take many records.
    @Test(.timeLimit(.minutes(5))) func aDiskSmallerThanASegmentIsUsedUp() async throws {
        let disk = try #require(LoopDisk(megabytes: 48))
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = .manual
        let log = try await WriteAheadLog.open(at: disk.path + "/log", configuration: configuration)
        let free = try #require(try Directory(path: disk.path).space?.free)
        var size = 0
        func fill() async throws -> WALError.Code? {
            do throws(WALError) {
                while true {
                    try await log.append(payload(size, size: 10_000))
                    size += 10_000
                }
            } catch {
                return error.code
            }
        }
        #expect(try await fill() == .diskFull)
        #expect(size > Int(free) * 85 / 100, "\(size) of \(free) bytes")
        try await log.close()
    }

    /// After the disk was full, the log continues with what space there is.
    @Test(.timeLimit(.minutes(5))) func appendsContinueWithLessSpaceThanASegment() async throws {
        let disk = try #require(LoopDisk(megabytes: 48))
        let ballast = disk.path + "/ballast"
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = .manual
        let log = try await WriteAheadLog.open(at: disk.path + "/log", configuration: configuration)
        // The next file would have the full size.
        for number in 0..<800 { try await log.append(payload(number, size: 10_000)) }
        Self.fill(ballast, leaving: 1 << 20)
        let error = await #expect(throws: WALError.self) {
            for number in 0..<5000 { try await log.append(payload(number, size: 10_000)) }
        }
        #expect(error?.code == .diskFull)
        try FileManager.default.removeItem(atPath: ballast)
        Self.fill(ballast, leaving: 8 << 20)
        try await eventually { (try? await log.append([1])) != nil }
        for number in 0..<500 { try await log.append(payload(number, size: 10_000)) }
        try await log.close()
    }

    /// A record that is too large for the free space made smaller ones fail, too.
    @Test(.timeLimit(.minutes(5))) func aRecordTooLargeForTheDiskLeavesTheRestToOthers() async throws {
        let disk = try #require(LoopDisk(megabytes: 24))
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = .manual
        let log = try await WriteAheadLog.open(at: disk.path + "/log", configuration: configuration)
        Self.fill(disk.path + "/ballast", leaving: 8 << 20)
        for number in 1...20 {
            let error = await #expect(throws: WALError.self) { try await log.append(payload(number, size: 6 << 20)) }
            #expect(error?.code == .diskFull)
            try await log.append(payload(number))
        }
        try await log.close()
    }

    private static func live(
        on disk: LoopDisk, pageCount: Int, _ policy: WriteAheadLog.SyncPolicy
    ) throws -> [LogHistory.Violation] {
        let directory = "\(disk.path)/log"
        let ballast = "\(disk.path)/ballast"
        try? FileManager.default.removeItem(atPath: directory)
        var configuration = WriteAheadLog.Configuration.small(policy)
        configuration.segmentSize = 64 << 10
        configuration.maxPreparedSegments = 1
        configuration.retention.totalSize = 0
        var history = LogHistory()
        var violations: [LogHistory.Violation] = []
        var number = 0
        func append(to log: WriteAheadLog, count: Int) -> WALError? {
            for _ in 0..<count {
                number += 1
                let bytes = payload(number, size: 500)
                history.willAppend(bytes)
                do throws(WALError) {
                    let sequence = try log.appendBlocking(bytes)
                    if let violation = history.didAppend([bytes], last: sequence) { violations.append(violation) }
                } catch {
                    return error
                }
            }
            return nil
        }

        let log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        try log.setCursor("consumer", to: .zero)
        #expect(append(to: log, count: 200) == nil)
        try log.closeBlocking()

        fill(ballast, leaving: pageCount * pageSize)
        var ending = LogHistory.Ending.closed
        do throws(WALError) {
            let full = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
            if let error = append(to: full, count: 2000) { #expect(error.code == .diskFull) }
            // Reading still works, and so does a consumer, which frees space.
            let found = try LogContents(of: full)
            violations += history.violations(in: LogContents(records: found.records), after: .closed)
            if full.durableSequence > .zero {
                history.mayRemove(through: full.durableSequence)
                try full.setCursor("consumer", to: full.durableSequence)
                full.applyRetentionBlocking()
            }
            ending = .killed
            try full.closeBlocking()
        } catch {
            #expect([.diskFull, .indeterminate, .inputOutput].contains(error.code), "\(error)")
        }

        try FileManager.default.removeItem(atPath: ballast)
        let again = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        violations += history.violations(in: try LogContents(of: again), after: ending)
        #expect(append(to: again, count: 200) == nil)
        try again.closeBlocking()
        return violations
    }

    private static func fill(_ path: String, leaving size: Int) {
        let filler = open(path, O_WRONLY | O_CREAT, 0o600)
        let page = [UInt8](repeating: 1, count: pageSize)
        while write(filler, page, page.count) > 0 {}
        fsync(filler)
        ftruncate(filler, max(0, lseek(filler, 0, SEEK_END) - off_t(size)))
        fsync(filler)
        close(filler)
    }
}
