import Foundation
import Testing

@testable import WAL

/// A record whose append has returned survives the death of the process. If one were missing after a `kill -9`, its caller would
/// have continued with data that is lost.
@Suite(.serialized) struct KillTests {
    enum Workload: String, CaseIterable, Codable, Sendable {
        case always, manual, rolls, batches, tasks, interval
    }

    static let rounds = ProcessInfo.processInfo.environment["WAL_CRASH_ROUNDS"].flatMap { Int($0) } ?? 24

    static func configuration(_ workload: Workload) -> WriteAheadLog.Configuration {
        let policy: WriteAheadLog.SyncPolicy =
            switch workload {
            case .always, .tasks: .always
            case .interval: .interval(.milliseconds(2))
            case .manual, .rolls, .batches: .manual
            }
        var configuration = WriteAheadLog.Configuration.small(policy)
        configuration.segmentSize = workload == .rolls ? 64 << 10 : 1 << 20
        configuration.maxPreparedSegments = 4
        return configuration
    }

    @Test(arguments: 0..<rounds)
    func whatWasReportedIsThereAfterTheKill(_ round: Int) async throws {
        // Two rounds of three test the plain promises: durable and written. The others take turns.
        let others = Workload.allCases.filter { $0 != .always && $0 != .manual }
        let workload = [.always, .manual, others[round / 3 % others.count]][round % 3]
        let directory = TemporaryDirectory()
        let reports = directory.path + ".reports"
        defer { try? FileManager.default.removeItem(atPath: reports) }
        // Two lives on the same directory: the second continues where the first was killed.
        for life in 0..<2 {
            let path = directory.path
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    path = path as String, reports = reports as String, workload = workload as Workload,
                    life = life as Int
                ] in
                let log = try await WriteAheadLog.open(at: path, configuration: KillTests.configuration(workload))
                killSelf(afterMicroseconds: .random(in: 500...60_000))
                await KillTests.work(workload, log, ReportFile(reports), salt: life)
            }
            if life == 0, round % 3 == 0 {
                // Also killed while it opens: the next opening must find the same log.
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [path = path as String, workload = workload as Workload] in
                    killSelf(afterMicroseconds: .random(in: 0...4000))
                    let log = try await WriteAheadLog.open(at: path, configuration: KillTests.configuration(workload))
                    _ = log
                    while true { usleep(1000) }
                }
            }
        }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration(workload))
        #expect(!log.recovery.isDamaged, "\(log.recovery.findings)")
        var found: [UInt64: UInt64] = [:]
        var last: UInt64 = 0
        for record in try readAll(log.reader()) {
            #expect(record.sequence.rawValue > last)
            last = record.sequence.rawValue
            found[last] = digest(record.payload)
        }
        let reported = ReportFile.read(reports)
        let lost = reported.filter { found[$0[0]] != $0[1] }
        for report in lost { Issue.record("sequence \(report[0]) is lost, \(workload)") }
        if workload == .batches { try Self.checkBookmarks(log, reported) }
        try await log.close()
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration(workload))
        #expect(reopened.recovery.findings.isEmpty, "\(reopened.recovery.findings)")
        #expect(try readAll(reopened.reader()).count == found.count)
        let tally = Torture.Tally(
            cases: round % 3 == 0 ? 3 : 2, findings: lost.isEmpty ? 0 : 1, losses: lost.isEmpty ? 0 : 1)
        Torture.report("kill -9", tally)
    }

    static func work(_ workload: Workload, _ log: WriteAheadLog, _ report: ReportFile, salt: Int) async {
        if workload == .tasks {
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<32 {
                    group.addTask {
                        for number in 0... {
                            let bytes = payload(number &* 64 + task, size: 20 + number % 200)
                            guard let sequence = try? await log.appendDurably(bytes) else { return }
                            report.add(sequence.rawValue, digest(bytes), 0)
                        }
                    }
                }
            }
            return
        }
        for thread in 0..<8 {
            Thread.detachNewThread {
                for number in 0... {
                    let bytes = payload(number &* 8 + thread, size: 20 + (number &* 37 + salt) % 500)
                    if workload == .batches {
                        var batch = RecordBatch()
                        for _ in 0..<(1 + number % 40) { batch.append(bytes) }
                        let mark = Bookmark(name: "thread-\(thread)", position: UInt64(salt) << 32 | UInt64(number))
                        guard let sequence = try? log.appendBlocking(batch, bookmark: mark) else { return }
                        try? log.setCursor("cursor-\(thread)", to: sequence)
                        report.add(sequence.rawValue, digest(bytes), UInt64(thread) << 48 | mark.position)
                    } else {
                        guard let sequence = try? log.appendBlocking(bytes) else { return }
                        report.add(sequence.rawValue, digest(bytes), 0)
                    }
                }
            }
        }
        while true { try? await Task.sleep(for: .seconds(1)) }
    }

    /// A bookmark exists exactly if its batch does: at least the last reported one, and at most the one of the last batch.
    static func checkBookmarks(_ log: WriteAheadLog, _ reported: [[UInt64]]) throws {
        for thread in 0..<8 {
            let mine = reported.filter { $0[2] >> 48 == UInt64(thread) }
            guard let last = mine.last else { continue }
            let position = last[2] & (1 << 48 - 1)
            let found = log.bookmarks["thread-\(thread)"]?.position ?? 0
            #expect(found == position || found == position + 1 || found >> 32 > position >> 32)
            let cursors = mine.map(\.[0])
            if let cursor = log.cursors["cursor-\(thread)"], cursors.count > 1 {
                #expect(cursor.rawValue >= cursors[cursors.count - 2])
            }
        }
    }
}
