import ArgumentParser
import Foundation
import WAL
import WALDelivery
import WALNATS

/// One measurement of a log and a stream in a process of its own. Prints a JSON object. `Benchmarks/stream` runs it beside its peers.
@main
struct Stream: AsyncParsableCommand {
    enum Measure: String, ExpressibleByArgument, CaseIterable {
        case fill, deliver, steady, follow
    }

    @Argument var measure: Measure
    @Argument(help: "The directory of the log or replica.") var directory: String
    @Option(help: "The address of the servers and the stream.") var stream = ""
    @Option(help: "A file of lines, which become records.") var lines = ""
    @Option(help: "The number of records, or the seconds of a steady load.") var count = 100_000

    func run() async throws {
        switch measure {
        case .fill: try await fill()
        case .deliver: try await deliver()
        case .steady: try await steady()
        case .follow: try await follow()
        }
    }

    private func print(_ figures: [String: Double]) throws {
        Swift.print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }

    private func readLines() throws -> [[UInt8]] {
        try Data(contentsOf: URL(fileURLWithPath: lines)).split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    /// Makes a log with the lines as records, from the start again at their end.
    private func fill() async throws {
        let payloads = try readLines()
        let log = try await WriteAheadLog.open(at: directory)
        for index in 0..<count { try await log.append(payloads[index % payloads.count]) }
        try await log.close()
    }

    /// Delivers the whole log with one worker and the settings that everybody gets.
    private func deliver() async throws {
        let log = try await WriteAheadLog.open(at: directory)
        let sink = try JetStreamSink(JetStreamSink.Configuration(url: stream))
        let flusher = Flusher(log: log, sink: sink, configuration: .init(workerCount: 1)) { _ in 0 }
        let started = ContinuousClock.now
        let running = Task { try await flusher.run() }
        try await flusher.drain()
        let seconds = started.duration(to: .now) / .seconds(1)
        let records = Double(flusher.statistics.recordsApplied)
        let stored = try await sink.health(of: log.id).byteCount
        running.cancel()
        _ = await running.result
        await sink.close()
        var bytes = 0
        let reader = log.reader(from: 1)
        while let size = try reader.next({ $0.payload.byteCount }) { bytes += size }
        try await log.close()
        try print([
            "records": records, "seconds": seconds, "records_per_second": records / seconds,
            "stored_bytes_per_byte": Double(stored) / Double(bytes),
        ])
    }

    /// Appends a thousand records a second for a time, and reports the longest time without progress at the stream.
    private func steady() async throws {
        let payloads = try readLines()
        let log = try await WriteAheadLog.open(at: directory)
        let sink = try JetStreamSink(JetStreamSink.Configuration(url: stream))
        let flusher = Flusher(log: log, sink: sink, configuration: .init(workerCount: 1)) { _ in 0 }
        let running = Task { try await flusher.run() }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(count)
        var (applied, moved, pause) = (flusher.statistics.recordsApplied, clock.now, Duration.zero)
        var index = 0
        while clock.now < end {
            for _ in 0..<10 {
                try await log.append(payloads[index % payloads.count])
                index += 1
            }
            try await Task.sleep(for: .milliseconds(10))
            let now = flusher.statistics.recordsApplied
            if now > applied { (applied, moved) = (now, clock.now) } else { pause = max(pause, clock.now - moved) }
        }
        try await flusher.drain()
        let statistics = flusher.statistics
        running.cancel()
        _ = await running.result
        await sink.close()
        try await log.close()
        try print(["records": Double(statistics.recordsApplied), "longest_pause": pause / .seconds(1)])
    }

    /// Makes a replica of the whole stream.
    private func follow() async throws {
        let configuration = try JetStreamSink.Configuration(url: stream)
        let started = ContinuousClock.now
        let replica = try await LogReplica.open(
            at: directory, of: try await StreamFollower.source(of: configuration))
        var following = StreamFollower.Configuration(stream: configuration)
        following.endsAtEnd = true
        let follower = try StreamFollower(replica: replica, configuration: following)
        try await follower.run()
        try await replica.close()
        let seconds = started.duration(to: .now) / .seconds(1)
        let statistics = follower.statistics
        try print([
            "records": Double(statistics.records), "seconds": seconds,
            "records_per_second": Double(statistics.records) / seconds,
            "messages_per_second": Double(statistics.messages) / seconds,
        ])
    }
}
