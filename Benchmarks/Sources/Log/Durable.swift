import BenchmarkKit
import BenchmarkReport
import CLimits
import CPeers
import Contenders
import Synchronization
import WAL

/// Appends that are durable when they return, from threads.
enum Durable {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let seconds = options.quick ? 1.0 : 2.0
        return options.payloads(quick: [256], full: [256]).map(Payload.init).flatMap { payload in
            options.writers(quick: [1, 64], full: [1, 8, 64, 256]).flatMap { threads in
                let comparison = Comparison("durable", Setup(payload: payload.size, writers: threads))
                let limit = Limit(payload: payload, count: 1_000_000)
                let limits = [
                    Case(comparison, Limit.syncData) { try limit.syncs(in: $0, direct: false, seconds: seconds) },
                    Case(comparison, Limit.syncDirect) { try limit.syncs(in: $0, direct: true, seconds: seconds) },
                ]
                let ours = Case(comparison, .log) { try append(payload, threads, seconds, in: $0) }
                let peers = Peer.all(peer_durable).map { peer in
                    Case(comparison, peer.contender) { directory in
                        let open = try peer.open(directory, peer_durable)
                        return try closedLoop(threads: threads, seconds: seconds) { try open.append(payload) }
                    }
                }
                return (threads == 1 ? limits : []) + [ours] + peers
            }
        }
    }

    private static func append(_ payload: Payload, _ threads: Int, _ seconds: Double, in directory: String) throws
        -> Outcome
    {
        let log = try LogUnderTest.open(in: directory, .always)
        let outcome = try closedLoop(threads: threads, seconds: seconds) { try log.appendBlocking(payload.bytes) }
        try log.closeBlocking()
        return outcome
    }

    /// Threads that call again as soon as the last call has returned.
    static func closedLoop(
        threads: Int, seconds: Double, records: Int = 1, _ call: @escaping @Sendable () throws -> Void
    ) throws -> Outcome {
        let all = Mutex<[UInt32]>([])
        let end = climits_now() + UInt64(seconds * 1e9)
        let elapsed = try OwnThreads.run(threads) { _ in
            var watch = Stopwatch(capacity: 500_000)
            watch.start()
            while !watch.isFull {
                try call()
                if watch.lap() >= end { break }
            }
            let latencies = watch.result
            all.withLock { $0 += latencies }
        }
        let latencies = all.withLock { $0 }
        var outcome = Outcome.rate(records: latencies.count * records, seconds: elapsed)
        outcome.add(latencies: latencies)
        return outcome
    }
}
