import BenchmarkKit
import BenchmarkReport
import CLimits
import CPeers
import Contenders
import WAL

/// One record by its number, anywhere in the log, to the record's bytes. The log's reader and the peers stay open.
enum Finding {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = options.quick ? 1_000_000 : 2_000_000
        let payload = Payload(size: 256)
        let comparison = Comparison("find", Setup(payload: payload.size))
        let byTime = Comparison("find-by-time", Setup(payload: payload.size))
        return [
            Case(comparison, .log) { directory in
                _ = try FilledLog(in: directory, payload, records: count)
                let log = try LogUnderTest.open(in: directory, .manual)
                let reader = log.reader()
                return try finds(count) { number in
                    reader.seek(to: SequenceNumber(rawValue: number + 1))
                    let sequence = try reader.next { $0.sequence.rawValue }
                    precondition(sequence == number + 1, "another record was found")
                }
            }
        ]
            + Peer.all(peer_written).compactMap { peer in
                guard peer.canFind else { return nil }
                return Case(comparison, peer.contender) { directory in
                    try Sequential.fill(peer, payload, count, in: directory)
                    let open = try peer.open(directory, peer_written)
                    return try finds(count) { try open.find($0) }
                }
            } + [
                Case(byTime, .log) { directory in
                    _ = try FilledLog(in: directory, payload, records: count)
                    let log = try LogUnderTest.open(in: directory, .manual)
                    let times = try [1, count / 2, count].compactMap { number in
                        try log.reader(from: SequenceNumber(rawValue: UInt64(number))).next { $0.time.rawValue }
                    }
                    let span = times[0]...max(times[2], times[0])
                    let reader = log.reader()
                    return try finds(Int(span.upperBound - span.lowerBound) + 1) { offset in
                        reader.seek(since: Timestamp(rawValue: span.lowerBound + Int64(offset)))
                        let time = try reader.next { $0.time.rawValue }
                        precondition(
                            time.map { $0 >= span.lowerBound + Int64(offset) } ?? false, "an earlier record was found")
                    }
                }
            ]
    }

    private static func finds(_ count: Int, _ find: (UInt64) throws -> Void) throws -> Outcome {
        let calls = 2000
        var watch = Stopwatch(capacity: calls)
        var outcome = Outcome()
        // The first round warms the caches.
        for isTimed in [false, true] {
            watch.start()
            for call in 0..<calls {
                // A prime, so that neighbours in time aren't neighbours in the log.
                try find(UInt64((call &* 7_368_787) % count))
                if isTimed { watch.lap() }
            }
        }
        outcome.add(latencies: watch.result)
        return outcome
    }
}
