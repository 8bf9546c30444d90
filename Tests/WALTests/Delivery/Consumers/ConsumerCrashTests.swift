import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// Kills a writer and a consumer, two processes, at random times. A skipped record is an unsent mail. A record that comes again
/// after its acknowledgement was saved is a mail sent twice. A log that keeps all records for a dead consumer fills the disk.
@Suite(.serialized) struct ConsumerCrashTests {
    private static let rounds = ProcessInfo.processInfo.environment["WAL_LONG"] == "1" ? 500 : 20
    private static let names = ["outside", "inside"]

    private enum Report {
        /// An append has returned this number.
        static let written: UInt64 = 1
        /// A consumer's process has started.
        static let began: UInt64 = 2
        /// A record was delivered, with its redeliveries.
        static let delivered: UInt64 = 3
        /// A delivery is about to be acknowledged.
        static let acknowledged: UInt64 = 4
        /// A gap was delivered.
        static let gap: UInt64 = 5
    }

    private static var logConfiguration: WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small(.interval(.milliseconds(1)))
        configuration.segmentSize = 64 << 10
        configuration.retention = WriteAheadLog.Retention(totalSize: 0)
        return configuration
    }

    private static var consumerConfiguration: ConsumerConfiguration {
        ConsumerConfiguration(acknowledgement: .explicit(window: 8), saveInterval: .milliseconds(3))
    }

    /// Opens the log, appends, and consumes in the same process.
    private static func write(
        _ path: String, whenOpen: () -> Void = {}, until isDone: @Sendable () -> Bool
    ) async throws {
        let log = try await WriteAheadLog.open(at: path, configuration: logConfiguration)
        whenOpen()
        let consumer = try log.consumer("inside", configuration: consumerConfiguration)
        let consuming = Task { try await consume(consumer, ReportFile(path + ".inside")) }
        let report = ReportFile(path + ".written")
        var number = 0
        while !isDone() {
            let sequence = try await log.append(payload(number, size: 20 + number % 700))
            report.add(Report.written, sequence.rawValue)
            number += 1
            // The process may end before the thread that applies retention each second does so.
            if number % 50 == 0 { await log.applyRetention() }
            // Appends are slower than the consumers, so that the consumers reach the end of the log.
            if number % 4 == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
        try await log.sync()
        try await eventually { consumer.position >= log.lastSequence }
        try await consumer.close()
        _ = try await consuming.value
        try await log.close()
    }

    /// Consumes the deliveries, and acknowledges them out of order.
    private static func consume(_ consumer: Consumer<LogEntry>, _ report: ReportFile) async throws {
        report.add(Report.began, consumer.position.rawValue)
        for try await delivery in consumer {
            guard case .record(let record) = delivery.entry else {
                if case .gap(let gap) = delivery.entry { report.add(Report.gap, gap.first.rawValue) }
                delivery.acknowledge()
                continue
            }
            let sequence = record.sequence.rawValue
            report.add(Report.delivered, sequence, UInt64(delivery.redeliveries))
            Task {
                try? await Task.sleep(for: .microseconds(.random(in: 0...1000)))
                report.add(Report.acknowledged, sequence)
                delivery.acknowledge()
            }
        }
    }

    @Test func nothingIsSkippedAndNothingThatWasSavedComesAgain() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        defer {
            for name in Self.names + ["written"] { try? FileManager.default.removeItem(atPath: path + "." + name) }
        }
        // A consumer that begins later than retention gets only the records that are left.
        try await WriteAheadLog.open(at: path, configuration: Self.logConfiguration).close()
        try await ReadOnlyLog(at: path).consumer(named: "outside", configuration: Self.consumerConfiguration).close()
        var open = Self.names.map { _ in OpenDeliveries() }
        for round in 0..<Self.rounds {
            // In one round of three, a process may also die while it opens the log. On a busy machine, it always does.
            let isOpened = round % 3 != 0
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(processExitsWith: .signal(SIGKILL)) {
                        [path = path as String, isOpened = isOpened as Bool] in
                        let delay = UInt32.random(in: 5000...150_000)
                        if !isOpened { killSelf(afterMicroseconds: delay) }
                        try await ConsumerCrashTests.write(
                            path, whenOpen: { if isOpened { killSelf(afterMicroseconds: delay) } }, until: { false })
                    }
                }
                group.addTask {
                    await #expect(processExitsWith: .signal(SIGKILL)) {
                        [path = path as String, isOpened = isOpened as Bool] in
                        let delay = UInt32.random(in: 5000...400_000)
                        if !isOpened { killSelf(afterMicroseconds: delay) }
                        let log = try await ReadOnlyLog.waitForLog(at: path)
                        let consumer = try await log.consumer(
                            named: "outside", configuration: ConsumerCrashTests.consumerConfiguration)
                        if isOpened { killSelf(afterMicroseconds: delay) }
                        try await ConsumerCrashTests.consume(consumer, ReportFile(path + ".outside"))
                    }
                }
            }
            try Self.checkSaved(path, round, &open)
        }
        try await Self.finish(path)
        let written = ReportFile.read(path + ".written").map { $0[1] }
        #expect(written.count > Self.rounds)
        for name in Self.names { Self.check(ReportFile.read(path + "." + name), written: written, name) }
        // The consumers have all records, so retention keeps no old segment.
        let log = try await WriteAheadLog.open(at: path, configuration: Self.logConfiguration)
        await log.applyRetention()
        #expect(log.segments.count <= 3)
        try await log.close()
        Torture.report("consumers", Torture.Tally(cases: 2 * Self.rounds))
    }

    /// The deliveries of the reports so far that aren't acknowledged.
    private struct OpenDeliveries {
        private var reportCount = 0
        private(set) var sequences: Set<UInt64> = []

        mutating func read(_ path: String) {
            let reports = ReportFile.read(path, after: reportCount)
            reportCount += reports.count
            for report in reports {
                switch report[0] {
                case Report.delivered: sequences.insert(report[1])
                case Report.acknowledged: sequences.remove(report[1])
                default: break
                }
            }
        }
    }

    /// A saved position is never past an unacknowledged record.
    private static func checkSaved(_ path: String, _ round: Int, _ open: inout [OpenDeliveries]) throws {
        guard let log = try? ReadOnlyLog(at: path) else { return }
        let positions = [try log.consumers.first?.position, try log.cursors["consumer/inside"]]
        for (index, name) in names.enumerated() {
            open[index].read(path + "." + name)
            guard let position = positions[index] else { continue }
            let passed = open[index].sequences.filter { $0 <= position.rawValue }
            #expect(passed.isEmpty, "\(name), round \(round): saved \(position)")
        }
    }

    /// Both consumers run to the log's end and close.
    private static func finish(_ path: String) async throws {
        let rest = Monitor(100)
        async let writing: Void = write(path) {
            rest.withLock { rest in
                rest -= 1
                return rest < 0
            }
        }
        let log = try await ReadOnlyLog.waitForLog(at: path)
        let consumer = try await log.consumer(named: "outside", configuration: consumerConfiguration)
        let consuming = Task { try await consume(consumer, ReportFile(path + ".outside")) }
        try await writing
        let last = try log.lastSequence
        try await eventually { consumer.position >= last }
        try await consumer.close()
        try await consuming.value
    }

    private static func check(_ reports: [[UInt64]], written: [UInt64], _ name: String) {
        var seen: Set<UInt64> = []
        var lives = 0
        var isFirst = false
        var next: UInt64 = 0
        for report in reports {
            let (kind, sequence) = (report[0], report[1])
            switch kind {
            case Report.began:
                lives += 1
                isFirst = true
                next = sequence + 1
            case Report.gap:
                Issue.record("\(name): retention has removed records from \(sequence) on")
            case Report.delivered:
                // In order, from the saved position on. Acknowledgements that were saved don't come again.
                #expect(sequence >= next, "\(name): record \(sequence) came after \(next)")
                next = sequence + 1
                let isKnown = !seen.insert(sequence).inserted
                #expect(
                    !(isFirst && isKnown) || report[2] > 0, "\(name): record \(sequence) came again without a count")
                isFirst = false
            default: break
            }
        }
        #expect(lives > 0)
        let skipped = written.filter { !seen.contains($0) }
        #expect(skipped.isEmpty, "\(name): \(skipped.prefix(10))")
    }
}
