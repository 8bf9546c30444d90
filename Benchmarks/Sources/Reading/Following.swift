import ArgumentParser
import BenchmarkKit
import BenchmarkReport
import CLimits
import Contenders
import Foundation
import WAL

/// From before an append until a reader that waits at the end has the record.
enum Following {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let calls = options.quick ? 2000 : 5000
        return [
            Case(Comparison("follow", Setup(payload: 256)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                let watcher = Task.detached { try await latencies(log.records(), calls) }
                try await append(calls, to: log)
                return try await outcome(log, watcher.value)
            },
            Case(Comparison("follow-process", Setup(payload: 256)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                let watcher = try Watch.start(directory, calls, .written)
                try await append(calls, to: log)
                return try await outcome(log, watcher.latencies())
            },
            Case(Comparison("follow-process-executor", Setup(payload: 256)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .manual)
                let watcher = try Watch.start(directory, calls, .written, preferring: true)
                try await append(calls, to: log)
                return try await outcome(log, watcher.latencies())
            },
            Case(Comparison("follow-process-durable", Setup(payload: 256)), .log) { directory in
                let log = try LogUnderTest.open(in: directory, .always)
                let watcher = try Watch.start(directory, calls, .durable)
                try await append(calls, to: log) { sequence in try await log.waitUntilDurable(sequence) }
                return try await outcome(log, watcher.latencies())
            },
        ]
    }

    /// Appends in an open loop: a record each millisecond, whatever became of the last.
    private static func append(
        _ count: Int, to log: WriteAheadLog, then: (SequenceNumber) async throws -> Void = { _ in }
    ) async throws {
        for _ in 0..<count {
            try await Task.sleep(for: .milliseconds(1))
            var bytes = [UInt8](repeating: 0, count: 256)
            bytes.withUnsafeMutableBytes { $0.storeBytes(of: climits_now(), as: UInt64.self) }
            try await then(try await log.append(bytes))
        }
    }

    private static func outcome(_ log: WriteAheadLog, _ latencies: [UInt32]) async throws -> Outcome {
        var outcome = Outcome()
        outcome.add(latencies: latencies)
        try await log.close()
        return outcome
    }

    fileprivate static func latencies(_ records: LogRecords, _ count: Int) async throws -> [UInt32] {
        var latencies: [UInt32] = []
        for try await record in records {
            let sent = record.payload.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
            latencies.append(UInt32(clamping: climits_now() - sent))
            if latencies.count == count { break }
        }
        return latencies
    }
}

/// Reads a log in a separate process, and notes how old each record is.
struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)

    @Argument var directory: String
    @Option var records: Int
    @Flag var durable = false
    @Flag var preferring = false

    func run() async throws {
        let log = try ReadOnlyLog(at: directory + "/log")
        _ = FileManager.default.createFile(atPath: directory + "/ready", contents: nil)
        let latencies = try await withTaskExecutorPreference(preferring ? try BlockingExecutor() : nil) {
            try await Following.latencies(log.records(visibility: durable ? .durable : .written), records)
        }
        try latencies.withUnsafeBytes { try Data($0).write(to: Self.result(directory)) }
    }

    private static func result(_ directory: String) -> URL { URL(fileURLWithPath: directory + "/latencies") }

    struct Running {
        let process: Process
        let directory: String

        func latencies() throws -> [UInt32] {
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Fill.Failed(status: process.terminationStatus) }
            let bytes = try Data(contentsOf: Watch.result(directory))
            return bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
        }
    }

    static func start(
        _ directory: String, _ records: Int, _ visibility: ReadVisibility, preferring: Bool = false
    ) throws -> Running {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments =
            ["watch", directory, "--records", "\(records)"] + (visibility == .durable ? ["--durable"] : [])
            + (preferring ? ["--preferring"] : [])
        try process.run()
        while !FileManager.default.fileExists(atPath: directory + "/ready"), process.isRunning { usleep(1000) }
        return Running(process: process, directory: directory)
    }
}
