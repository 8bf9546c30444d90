import ArgumentParser
import Contenders
import Foundation
import Histogram
import WAL
import WALTasks

/// The writer of `Benchmarks/watched`. It appends or saves at a steady rate, for the seconds that each line of standard input has, and prints
/// a line of JSON with what that took.
@main struct Watched: AsyncParsableCommand {
    enum Work: String, ExpressibleByArgument {
        case append, save, idle
    }

    @Argument var work: Work
    @Argument var directory: String
    @Flag(help: "Don't publish the log's status.") var withoutStatus = false

    /// Bursts in a second, and the calls in one. The log can keep up, so that nothing is measured but the calls.
    private static let burstsPerSecond = 500
    private var burst: Int {
        switch work {
        case .append: 200
        case .save: 50
        case .idle: 0
        }
    }

    func run() async throws {
        switch work {
        case .append, .idle:
            var configuration = WriteAheadLog.Configuration()
            configuration.publishesStatus = !withoutStatus
            configuration.retention.totalSize = 256 << 20
            let log = try await WriteAheadLog.open(at: directory, configuration: configuration)
            let payload = Payload(size: 256).bytes
            try await phases { _ in _ = try await log.append(payload) }
            try await log.close()
        case .save:
            var configuration = TaskBufferConfiguration()
            configuration.segmentRetention = .seconds(1)
            let storage = try await BufferedTaskStorage.open(
                at: directory, store: MemoryTaskStore(), configuration: configuration)
            try await phases { number in
                try await storage.save(
                    PersistentTask(
                        id: "task-\(number % 10_000)", dagID: "dag", nodeID: "node", currentNodeID: "node",
                        payload: #"{"AMOUNT_REQ":"20000"}"#, status: .running, createdAt: .now, updatedAt: .now,
                        retryCount: 0))
            }
            try await storage.close()
        }
    }

    private func phases(_ call: (Int) async throws -> Void) async throws {
        var count = 0
        // Warm: segments of full size are ready, and their pages are there.
        _ = try await phase(work == .idle ? 0 : 5, &count, call)
        report("{}")
        while let line = readLine(), let seconds = Double(line) {
            report(try await phase(seconds, &count, call))
        }
    }

    private func report(_ line: String) {
        print(line)
        fflush(nil)
    }

    private func phase(
        _ seconds: Double, _ count: inout Int, _ call: (Int) async throws -> Void
    ) async throws -> String {
        var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        let clock = ContinuousClock()
        let start = clock.now
        let cpu = Self.processorSeconds
        let first = count
        if work == .idle { usleep(UInt32(seconds * 1e6)) }
        for number in 0..<(work == .idle ? 0 : Int(seconds * Double(Self.burstsPerSecond))) {
            for _ in 0..<burst {
                let before = clock.now
                try await call(count)
                latencies.record(UInt64((clock.now - before) / .nanoseconds(1)))
                count += 1
            }
            let due = start + .seconds(1) * (number + 1) / Self.burstsPerSecond
            if clock.now < due { usleep(UInt32((due - clock.now) / .microseconds(1))) }
        }
        let figures: [String: Double] = [
            "seconds": (clock.now - start) / .seconds(1), "cpu_seconds": Self.processorSeconds - cpu,
            "calls": Double(count - first), "mean_ns": latencies.mean,
            "p50_ns": Double(latencies.valueAtPercentile(50)), "p99_ns": Double(latencies.valueAtPercentile(99)),
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: figures), as: UTF8.self)
    }

    /// The processor time of all threads of the process.
    private static var processorSeconds: Double {
        var usage = rusage()
        // RUSAGE_SELF, which has another type on each system.
        getrusage(0, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }
}
