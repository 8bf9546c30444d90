import BenchmarkKit
import BenchmarkReport
import CLimits
import Foundation

/// The C loops that nothing can be much faster than.
struct Limit: Sendable {
    static let loop = Contender("C loop", .limit)
    static let preparing = Contender("C loop, a second thread preparing", .limit)
    static let copy = Contender("memcpy", .limit)
    static let syncData = Contender("pwrite, fdatasync", .limit)
    static let syncDirect = Contender("O_DIRECT|O_DSYNC", .limit)

    struct Failed: Error, CustomStringConvertible {
        let reason = String(cString: strerror(errno))
        var description: String { "a limit could not be measured: \(reason)" }
    }

    let payload: Payload
    let count: Int
    var threads = 1

    func copy(in directory: String) throws -> Outcome {
        try .rate(records: count, seconds: with(directory) { climits_copy(&$0) })
    }

    func append(in directory: String) throws -> Outcome {
        try .rate(records: count, seconds: with(directory) { climits_append(&$0, nil) })
    }

    func appendPreparing(in directory: String) throws -> Outcome {
        try .rate(records: count, seconds: with(directory) { climits_append_preparing(&$0, nil) })
    }

    func latencies(in directory: String, preparing: Bool) throws -> Outcome {
        var latencies = [UInt32](repeating: 0, count: count)
        _ = try with(directory) {
            preparing ? climits_append_preparing(&$0, &latencies) : climits_append(&$0, &latencies)
        }
        var outcome = Outcome()
        outcome.add(latencies: latencies)
        return outcome
    }

    func syncs(in directory: String, direct: Bool, seconds: Double) throws -> Outcome {
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
