import BenchmarkKit
import BenchmarkReport
import Contenders
import Foundation
import WAL

/// Lines of JSON in batches or in sealed segments, with LZ4 and without: what that saves, and what it costs.
enum Compression {
    private static let batchSizes = [16, 64, 1000]

    static func cases(_ options: SuiteOptions, lines path: String) throws -> [Case] {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { Array($0.utf8) }
        let size = lines.reduce(0) { $0 + $1.count }
        let batches = batchSizes.flatMap { batchSize in
            [WriteAheadLog.Compression.none, .lz4].map { compression in
                let contender = compression == .none ? Contender("plain", .limit) : .log
                let comparison = Comparison("lz4, batches of \(batchSize)")
                return Case(comparison, contender) { directory in
                    let seconds = try append(lines, batchSize, compression, in: directory)
                    var outcome = Outcome(.bytesPerSecond, Double(size * repeats) / seconds)
                    let stored = Double(try Files.size(of: directory)) / Double(size * repeats)
                    outcome.add(.bytesPerByte, stored)
                    return outcome
                }
            }
        }
        return batches + sealed(lines, size: size * repeats)
    }

    /// Single records, in segments that are compressed when they are finished. The rate is that of compressing.
    private static func sealed(_ lines: [[UInt8]], size: Int) -> [Case] {
        [WriteAheadLog.Compression.none, .lz4].map { compression in
            Case(Comparison("lz4, sealed segments"), compression == .none ? Contender("plain", .limit) : .log) {
                directory in
                let log = try LogUnderTest.open(in: directory, LogUnderTest.configuration(.manual))
                for _ in 0..<repeats { for line in lines { try await log.append(line) } }
                try await log.close()
                var outcome = Outcome()
                if compression == .lz4 {
                    outcome.add(.bytesPerSecond, Double(size) / (try compressAll(in: directory)))
                }
                outcome.add(.bytesPerByte, Double(try Files.size(of: directory)) / Double(size))
                return outcome
            }
        }
    }

    /// Returns the seconds that it took.
    private static func compressAll(in directory: String) throws -> Double {
        var configuration = LogUnderTest.configuration(.manual)
        configuration.sealedCompression = .lz4
        let start = ContinuousClock.now
        let log = try LogUnderTest.open(in: directory, configuration)
        func isDone() -> Bool { log.segments.allSatisfy { $0.state != .sealed || $0.path.hasSuffix(".lz4") } }
        while !isDone(), start.duration(to: .now) < .seconds(60) { usleep(1000) }
        let seconds = start.duration(to: .now) / .seconds(1)
        try log.closeBlocking()
        return seconds
    }

    /// The lines are appended this often, so that the last segment's rest doesn't count.
    private static let repeats = 5

    private static func append(
        _ lines: [[UInt8]], _ batchSize: Int, _ compression: WriteAheadLog.Compression, in directory: String
    ) throws -> Double {
        var configuration = LogUnderTest.configuration(.manual)
        configuration.compression = compression
        let log = try LogUnderTest.open(in: directory, configuration)
        let start = ContinuousClock.now
        var batch = RecordBatch()
        for _ in 0..<repeats {
            for line in lines {
                batch.append(line)
                guard batch.count == batchSize else { continue }
                try log.appendBlocking(batch)
                batch.removeAll()
            }
        }
        if !batch.isEmpty { try log.appendBlocking(batch) }
        let seconds = start.duration(to: .now) / .seconds(1)
        try log.closeBlocking()
        return seconds
    }
}
