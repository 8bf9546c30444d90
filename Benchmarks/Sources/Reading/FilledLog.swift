import BenchmarkKit
import BenchmarkReport
import Contenders
import Foundation
import WAL

/// A log with records in it, closed.
struct FilledLog {
    let directory: String
    let records: Int

    init(in directory: String, _ payload: Payload, records: Int) throws {
        let log = try LogUnderTest.open(in: directory, .manual)
        for _ in 0..<records { try log.appendBlocking(payload.bytes.span.bytes) }
        try log.closeBlocking()
        self.directory = directory + "/log"
        self.records = records
    }

    func segments() throws -> [String] {
        try ReadOnlyLog(at: directory).segments.map(\.path)
    }
}

extension Outcome {
    /// The time of a run over all records. The first run, which reads the files into the page cache, isn't timed.
    static func rate(_ records: Int, _ payload: Payload, _ body: () throws -> Int) throws -> Outcome {
        let found = try body()
        precondition(found == records, "\(found) of \(records) records were there")
        let start = ContinuousClock.now
        _ = try body()
        return rate(records, payload, seconds: start.duration(to: .now) / .seconds(1))
    }

    static func rate(_ records: Int, _ payload: Payload, seconds: Double) -> Outcome {
        var outcome = Outcome.rate(records: records, seconds: seconds)
        outcome.add(.bytesPerSecond, Double(records * payload.size) / seconds)
        return outcome
    }
}
