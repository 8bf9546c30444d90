import Foundation
import Logging
import TestSupport
import Testing
import WAL

@testable import WALLogging

/// If nothing reports a dropped line, it seems that it was never logged.
@Suite struct DroppingTests {
    private static let calls = 3000

    /// Logs from eight threads, and returns the number of calls.
    private func flood(_ lines: LineLog) async -> UInt64 {
        await onThreads(8) { thread in
            let logger = lines.logger("thread-\(thread)")
            for number in 0..<Self.calls {
                logger.info("line \(number) with enough text to fill a segment soon", metadata: ["thread": "\(thread)"])
            }
        }
        return UInt64(8 * Self.calls)
    }

    /// Logs until a line is appended, and returns the number of calls.
    private func logUntilAppended(_ lines: LineLog) async throws -> UInt64 {
        let logger = lines.logger("after")
        var calls: UInt64 = 0
        try await eventually {
            calls += 1
            let before = lines.droppedLines
            logger.info("after \(calls)")
            return lines.droppedLines == before
        }
        return calls
    }

    /// A reader pins its segment, so nothing can be removed, and the budget is used up until the reader has passed.
    @Test func aUsedUpBudgetIsCountedExactly() async throws {
        let directory = TemporaryDirectory()
        let lines = try await LineLog.open(at: directory.path, configuration: .init(diskBudget: 256 << 10))
        lines.logger("first").info("first")
        let reader = lines.log.reader()
        #expect(try reader.next() != nil)
        var calls = await flood(lines)
        #expect(lines.droppedLines > 0)
        var found = try contents(reader)
        calls += try await logUntilAppended(lines)
        let rest = try contents(reader)
        found.lines += rest.lines
        found.reported += rest.reported
        #expect(found.lines.last?.label == "after")
        #expect(UInt64(found.lines.count) + lines.droppedLines == calls)
        #expect(found.reported == lines.droppedLines)
        try await lines.close()
    }

    /// Without a reader, the oldest lines are removed, and the disk space stays within the budget.
    @Test func theOldestLinesAreRemoved() async throws {
        let directory = TemporaryDirectory()
        let budget = 512 << 10
        let lines = try await LineLog.open(at: directory.path, configuration: .init(diskBudget: budget))
        let logger = lines.logger()
        var calls = 0
        try await eventually {
            for _ in 0..<1000 {
                calls += 1
                logger.info("line \(calls)")
            }
            let size = try size(of: directory.path)
            #expect(size <= budget)
            return lines.log.firstSequence.rawValue > 10_000
        }
        _ = try await logUntilAppended(lines)
        #expect(try contents(lines.log.reader()).lines.last?.message.hasPrefix("after") == true)
        try await lines.close()
    }

    /// The size of all files but the two that don't count for the budget.
    private func size(of directory: String) throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        return names.filter { !["STATUS", "WAITERS"].contains($0) }.reduce(0) { total, name in
            // A segment may be removed meanwhile.
            let size = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)[.size] as? Int
            return total + (size ?? 0)
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible || SmallDisk.isRequired, "needs root and mount"))
    func aFullDiskIsCountedExactly() async throws {
        let disk = try #require(SmallDisk(megabytes: 5))
        let ballast = disk.path + "/ballast"
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: 2 << 20)))
        // The log's budget exceeds the disk's space.
        let lines = try await LineLog.open(at: disk.path + "/log", configuration: .init(diskBudget: 8 << 20))
        var calls: UInt64 = 0
        try await eventually {
            calls += await flood(lines)
            return lines.log.refusal?.code == .diskFull
        }
        calls += await flood(lines)
        #expect(lines.droppedLines > 0)
        try FileManager.default.removeItem(atPath: ballast)
        calls += try await logUntilAppended(lines)
        let found = try lines.contents()
        #expect(found.lines.last?.label == "after")
        #expect(UInt64(found.lines.count) + lines.droppedLines == calls)
        #expect(found.reported == lines.droppedLines)
        try await lines.close()
    }

    /// The report precedes the first line after the gap, and closing reports the rest.
    @Test func theReportStandsWhereTheLinesAreMissing() async throws {
        let directory = TemporaryDirectory()
        let lines = try await LineLog.open(at: directory.path)
        let logger = lines.logger()
        logger.info("before")
        let attempt = try #require(lines.gate.enter())
        for _ in 0..<3 { lines.gate.drop(attempt, pause: .seconds(3600)) }
        logger.info("dropped, too")
        lines.gate.open()
        logger.info("after")
        lines.gate.drop(try #require(lines.gate.enter()), pause: .seconds(3600))
        try await lines.close()
        let reader = try ReadOnlyLog(at: directory.path).reader()
        var found: [LogLine] = []
        while let record = try reader.next() { found.append(try #require(LogLine(payload: record.payload))) }
        #expect(found.map(\.message) == ["before", "4 lines dropped", "after", "1 lines dropped"])
        #expect(found[1].level == .warning && found[1].label == "swift-wal")
        #expect(found[1].metadata == ["wal.dropped": "4"])
        #expect(lines.droppedLines == 5)
    }

    /// On a full disk the last report has no other place.
    @Test func aReportThatTheLogRefusesGoesToStandardError() async throws {
        let directory = TemporaryDirectory()
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            [path = directory.path as String] in
            let lines = try await LineLog.open(at: path)
            lines.gate.drop(try #require(lines.gate.enter()), pause: .seconds(3600))
            try await lines.log.close()
            try await lines.close()
        }
        let text = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        #expect(text.contains("1 lines dropped"), "\(text)")
    }
}
