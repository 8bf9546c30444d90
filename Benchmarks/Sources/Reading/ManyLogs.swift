import ArgumentParser
import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import Foundation
import WAL

/// A process with many open logs: opening and closing them, what they take, and the appends of one that is busy.
enum ManyLogs {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = options.quick ? 200 : 1000
        let busy = Comparison("busy-log", Setup(payload: Child.payload, writers: 1))
        return [
            Case(Comparison("many-logs", Setup(logs: count)), .log) {
                try run(count, in: $0, [.open, .close, .residentBytes, .threads])
            },
            Case(busy, Contender("a log alone", .limit)) { try run(1, in: $0, [.recordsPerSecond, .slowest]) },
            Case(busy, .log) { try run(count, in: $0, [.recordsPerSecond, .slowest]) },
        ]
    }

    /// Runs the logs in a process of their own, and takes these of its figures.
    private static func run(_ count: Int, in directory: String, _ quantities: [Quantity]) throws -> Outcome {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = ["many", directory, "--count", "\(count)"]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Fill.Failed(status: process.terminationStatus) }
        var outcome = Outcome()
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t")
            guard fields.count == 2, let quantity = Quantity(rawValue: String(fields[0])), let value = Double(fields[1])
            else { continue }
            if quantities.contains(quantity) { outcome.add(quantity, value) }
        }
        return outcome
    }

    /// The process with the logs. It prints a line for each figure.
    struct Child: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "many", shouldDisplay: false)
        static let payload = 256

        @Argument var directory: String
        @Option var count: Int

        func run() throws {
            let before = Self.status("VmRSS")
            let payload = Payload(size: Self.payload)
            var start = climits_now()
            let logs = try (1...count).map { try WriteAheadLog.openBlocking(at: directory + "/\($0)") }
            report(.open, Double(climits_now() - start))
            // Each log gets a record a second.
            for index in 0..<5 * count {
                try logs[index % count].appendBlocking(payload.bytes.span.bytes)
                usleep(UInt32(1_000_000 / count))
            }
            report(.residentBytes, (Self.status("VmRSS") - before) * 1024)
            report(.threads, Self.status("Threads") - 1)
            try reportBusy(logs[0], payload)
            start = climits_now()
            for log in logs { try log.closeBlocking() }
            report(.close, Double(climits_now() - start))
        }

        /// One of the logs gets 50 MB a second for a second, and then records as fast as it takes them.
        private func reportBusy(_ log: WriteAheadLog, _ payload: Payload) throws {
            var paced = Stopwatch(capacity: 200_000)
            var due = climits_now()
            while !paced.isFull {
                due += 5_000
                while climits_now() < due {}
                try log.appendBlocking(payload.bytes.span.bytes)
                paced.lap(due: due)
            }
            report(.slowest, Double(paced.result.max() ?? 0))
            let calls = 4_000_000
            let begin = climits_now()
            for _ in 0..<calls { try log.appendBlocking(payload.bytes.span.bytes) }
            report(.recordsPerSecond, Double(calls) / Double(climits_now() - begin) * 1e9)
        }

        private func report(_ quantity: Quantity, _ value: Double) {
            print("\(quantity.rawValue)\t\(value)")
        }

        /// A number of `/proc/self/status`.
        private static func status(_ name: String) -> Double {
            let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line.flatMap { Double($0.split { !$0.isNumber }.first ?? "") } ?? 0
        }
    }
}
