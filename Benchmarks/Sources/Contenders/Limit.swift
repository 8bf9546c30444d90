public import BenchmarkKit
public import BenchmarkReport
import CLimits
import Foundation

/// C loops, as an upper bound of speed.
public struct Limit: Sendable {
    public static let loop = Contender("C loop", .limit)
    public static let preparing = Contender("C loop, a second thread preparing", .limit)
    public static let copy = Contender("memcpy", .limit)
    public static let syncData = Contender("pwrite, fdatasync", .limit)
    public static let scan = Contender("C scan", .limit)
    public static let scanTogether = Contender("C scan, two threads", .limit)
    public static let syncDirect = Contender("O_DIRECT|O_DSYNC", .limit)

    public struct Failed: Error, CustomStringConvertible {
        let reason = String(cString: strerror(errno))
        public var description: String { "a limit could not be measured: \(reason)" }
    }

    private let payload: Payload
    private let count: Int
    private let threads: Int

    public init(payload: Payload, count: Int, threads: Int = 1) {
        self.payload = payload
        self.count = count
        self.threads = threads
    }

    public func copy(in directory: String) throws -> Outcome {
        try .rate(records: count, seconds: with(directory) { climits_copy(&$0) })
    }

    public func append(in directory: String) throws -> Outcome {
        try .rate(records: count, seconds: with(directory) { climits_append(&$0, nil) })
    }

    public func appendPreparing(in directory: String) throws -> Outcome {
        try .rate(records: count, seconds: with(directory) { climits_append_preparing(&$0, nil) })
    }

    public func latencies(in directory: String, preparing: Bool) throws -> Outcome {
        var latencies = [UInt32](repeating: 0, count: count)
        _ = try with(directory) {
            preparing ? climits_append_preparing(&$0, &latencies) : climits_append(&$0, &latencies)
        }
        var outcome = Outcome()
        outcome.add(latencies: latencies)
        return outcome
    }

    public func syncs(in directory: String, direct: Bool, seconds: Double) throws -> Outcome {
        var latencies = [UInt32](repeating: 0, count: count)
        let done = try with(directory) {
            direct
                ? climits_sync_direct(&$0, seconds, &latencies) : climits_sync_data(&$0, seconds, &latencies)
        }
        latencies.removeLast(count - done)
        var outcome = Outcome.rate(
            records: done, seconds: Double(latencies.reduce(0) { $0 + UInt64($1) }) / 1e9)
        outcome.add(latencies: latencies)
        return outcome
    }

    /// Checks every frame of the log's own segments, with one thread or two. Returns the records that it found.
    public static func scan(_ segments: [String], threads: Int = 1) throws -> (records: Int, bytes: Int) {
        var scan = climits_scan()
        let paths = segments.map { strdup($0) }
        defer { for path in paths { free(path) } }
        let result = paths.map { UnsafePointer($0) }.withUnsafeBufferPointer { paths in
            climits_scan_segments(paths.baseAddress, paths.count, UInt32(threads), &scan)
        }
        guard result == 0 else { throw Failed() }
        precondition(scan.bad == 0, "\(scan.bad) frames have wrong checksums")
        return (Int(scan.records), Int(scan.bytes))
    }

    private func with<Number: SignedNumeric & Comparable>(
        _ directory: String, _ body: (inout climits_load) -> Number
    ) throws -> Number {
        let result = payload.bytes.withUnsafeBytes { bytes in
            directory.withCString { path in
                var load = climits_load(
                    directory: path, payload: bytes.baseAddress, payload_size: bytes.count, count: count,
                    segment_size: LogUnderTest.segmentSize, segments_ready: LogUnderTest.segmentsReady + 1,
                    threads: UInt32(threads))
                return body(&load)
            }
        }
        guard result >= 0 else { throw Failed() }
        return result
    }
}
