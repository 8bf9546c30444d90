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
                let watcher = Task.detached { try await follow(log, calls) }
                for _ in 0..<calls {
                    // Open loop: a record each millisecond, whatever became of the last.
                    try await Task.sleep(for: .milliseconds(1))
                    try await log.append(stamped())
                }
                var outcome = Outcome()
                outcome.add(latencies: try await watcher.value)
                try await log.close()
                return outcome
            }
        ]
    }

    private static func stamped() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: climits_now(), as: UInt64.self) }
        return bytes
    }

    private static func follow(_ log: WriteAheadLog, _ count: Int) async throws -> [UInt32] {
        var latencies: [UInt32] = []
        for try await record in log.records() {
            let sent = record.payload.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
            latencies.append(UInt32(clamping: climits_now() - sent))
            if latencies.count == count { break }
        }
        return latencies
    }
}
