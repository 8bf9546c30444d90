import BenchmarkKit
import BenchmarkReport
import CLimits
import CPeers
import Contenders
import WAL

/// What one caller waits for one written append.
enum WrittenLatency {
    /// Appends a second of the open loop: what a busy service has, and below what the disk takes.
    private static let openRate = 500_000

    static func cases(_ options: SuiteOptions) -> [Case] {
        options.payloads(quick: [256], full: [256]).map(Payload.init).flatMap { payload in
            let setup = Setup(payload: payload.size, writers: 1)
            let burst = Comparison("burst-latency", setup)
            let rolling = Comparison("written-latency", setup)
            let open = Comparison("open-loop-latency", setup)
            let burstCount = LogUnderTest.segmentSize * 5 / 2 / payload.frameSize
            let count = (1 << 30) / payload.size
            let openCount = options.quick ? 2 * openRate : 4 * openRate
            return [
                Case(burst, Limit.loop, repeats: 5) {
                    try Limit(payload: payload, count: burstCount).latencies(in: $0, preparing: false)
                },
                Case(burst, .log, repeats: 5) { try closedLoop(payload, burstCount, in: $0) },
                Case(rolling, Limit.preparing, memory: 3 << 29) {
                    try Limit(payload: payload, count: count).latencies(in: $0, preparing: true)
                },
                Case(rolling, .log, memory: 3 << 29) { try closedLoop(payload, count, in: $0) },
            ] + peers(rolling, payload, options) + [
                Case(open, .log) { try openLoop(payload, openCount, in: $0) }
            ]
        }
    }

    /// The next call starts when the last one has ended: a stall counts once, however many calls it kept from starting.
    private static func closedLoop(_ payload: Payload, _ count: Int, in directory: String) throws -> Outcome {
        let log = try LogUnderTest.open(in: directory, .manual)
        let bytes = payload.bytes.span.bytes
        var watch = Stopwatch(capacity: count)
        watch.start()
        for _ in 0..<count {
            try log.appendBlocking(bytes)
            watch.lap()
        }
        try log.closeBlocking()
        return watch.outcome
    }

    /// Each call has its time, and what it waits for the ones before counts: no coordinated omission.
    private static func openLoop(_ payload: Payload, _ count: Int, in directory: String) throws -> Outcome {
        let log = try LogUnderTest.open(in: directory, .manual)
        let bytes = payload.bytes.span.bytes
        var watch = Stopwatch(capacity: count)
        watch.start()
        let start = climits_now()
        for index in 0..<count {
            let due = start + UInt64(index) * 1_000_000_000 / UInt64(openRate)
            while climits_now() < due {}
            try log.appendBlocking(bytes)
            watch.lap(due: due)
        }
        try log.closeBlocking()
        return watch.outcome
    }

    private static func peers(_ comparison: Comparison, _ payload: Payload, _ options: SuiteOptions) -> [Case] {
        let duration: UInt64 = options.quick ? 500_000_000 : 1_000_000_000
        return Peer.all(peer_written).map { peer in
            Case(comparison, peer.contender) { directory in
                let open = try peer.open(directory, peer_written)
                var watch = Stopwatch(capacity: 4_000_000)
                watch.start()
                let end = climits_now() + duration
                repeat { try open.append(payload) } while watch.lap() < end && !watch.isFull
                return watch.outcome
            }
        }
    }
}
