import BenchmarkKit
import BenchmarkReport
import Contenders
import WAL

/// The scan that opening does with every byte in its scope, and `wal verify` with every byte.
enum Scan {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = options.quick ? 1_000_000 : 2_000_000
        return options.payloads(quick: [256], full: [256]).map(Payload.init).flatMap { payload in
            let recovery = Comparison("recovery-scan", Setup(payload: payload.size))
            let verify = Comparison("verify", Setup(payload: payload.size))
            return [recovery, verify].flatMap { comparison in
                [
                    Case(comparison, Limit.scanTogether) { directory in
                        let segments = try FilledLog(in: directory, payload, records: count).segments()
                        return try .rate(count, payload) { try Limit.scan(segments, threads: 2).records }
                    },
                    Case(comparison, .log) { directory in
                        let log = try FilledLog(in: directory, payload, records: count)
                        return comparison == recovery
                            ? try open(log, payload) : try verifyAll(log, payload)
                    },
                ]
            }
        }
    }

    private static func open(_ filled: FilledLog, _ payload: Payload) throws -> Outcome {
        var configuration = LogUnderTest.configuration(.manual)
        configuration.recoveryScope = .everything
        // The first time brings the files into the page cache. The report has the time without that of closing.
        var seconds = 0.0
        for _ in 0..<2 {
            let log = try WriteAheadLog.openBlocking(at: filled.directory, configuration: configuration)
            precondition(log.recovery.recordsScanned == UInt64(filled.records), "records are missing")
            seconds = log.recovery.duration / .seconds(1)
            try log.closeBlocking()
        }
        return .rate(filled.records, payload, seconds: seconds)
    }

    private static func verifyAll(_ filled: FilledLog, _ payload: Payload) throws -> Outcome {
        try .rate(filled.records, payload) {
            Int(try Verification.verifyBlocking(at: filled.directory).recordsScanned)
        }
    }
}
