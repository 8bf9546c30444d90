import BenchmarkKit
import BenchmarkReport
import CLimits
import CPeers
import Contenders
import Synchronization
import WAL

/// Appends that nobody waits for a sync of: what survives kill -9.
enum Written {
    /// As many as the active segment and half of the prepared ones hold.
    static func bursts(_ options: SuiteOptions) -> [Case] {
        options.payloads(quick: [256, 1024], full: [64, 256, 1024, 4096]).map(Payload.init).flatMap { payload in
            options.writers(quick: [1, 2, 8], full: [1, 2, 4, 8]).flatMap { threads in
                cases("burst", payload, threads, count: LogUnderTest.segmentSize * 5 / 2 / payload.frameSize)
                    + (threads > 1 && [256, 1024].contains(payload.size)
                        ? peers("burst", payload, threads, options) : [])
            }
        }
    }

    /// 1 GiB of payloads, with all that comes with new segments.
    static func rolling(_ options: SuiteOptions) -> [Case] {
        options.payloads(quick: [256], full: [64, 256, 1024, 4096]).map(Payload.init).flatMap { payload in
            options.writers(quick: [1], full: [1, 2, 4, 8]).flatMap { threads in
                cases("written", payload, threads, count: (1 << 30) / payload.size)
                    + (threads == 1 ? peers("written", payload, threads, options) : [])
            }
        }
    }

    private static func cases(_ measure: String, _ payload: Payload, _ threads: Int, count: Int) -> [Case] {
        let comparison = Comparison(measure, Setup(payload: payload.size, writers: threads))
        let isBurst = measure == "burst"
        // One GiB takes a fraction of a second, and what the disk does meanwhile differs.
        let repeats = isBurst ? 5 : payload.size == 256 && threads == 1 ? 3 : 1
        let memory = count * payload.frameSize + 3 * LogUnderTest.segmentSize
        let limit = Limit(payload: payload, count: count, threads: threads)
        var cases = [
            Case(comparison, .log, repeats: repeats, memory: memory) { directory in
                try append(payload, count, threads, in: directory)
            }
        ]
        if isBurst {
            cases.insert(
                Case(comparison, Limit.loop, repeats: repeats, memory: memory) { try limit.append(in: $0) }, at: 0)
        } else if threads == 1 {
            cases.insert(
                Case(comparison, Limit.preparing, repeats: repeats, memory: memory) {
                    try limit.appendPreparing(in: $0)
                }, at: 0)
        }
        if isBurst, threads == 1 {
            cases.append(Case(comparison, Limit.copy, repeats: repeats, memory: memory) { try limit.copy(in: $0) })
        }
        return cases
    }

    private static func append(_ payload: Payload, _ count: Int, _ threads: Int, in directory: String) throws -> Outcome
    {
        let log = try LogUnderTest.open(in: directory, .manual)
        let seconds = try OwnThreads.run(threads, pinned: threads > 1) { thread in
            let bytes = payload.bytes.span.bytes
            for _ in 0..<(count / threads + (thread < count % threads ? 1 : 0)) { try log.appendBlocking(bytes) }
        }
        precondition(log.lastSequence.rawValue == UInt64(count), "records are missing")
        try log.closeBlocking()
        return .rate(records: count, seconds: seconds)
    }

    /// What others write in a second or two: they would take minutes for all.
    private static func peers(_ measure: String, _ payload: Payload, _ threads: Int, _ options: SuiteOptions) -> [Case]
    {
        let seconds = options.quick ? 1.0 : 2.0
        return Peer.all(peer_written).map { peer in
            Case(Comparison(measure, Setup(payload: payload.size, writers: threads)), peer.contender) { directory in
                let open = try peer.open(directory, peer_written)
                let end = climits_now() + UInt64(seconds * 1e9)
                let count = Atomic(0)
                let elapsed = try OwnThreads.run(threads, pinned: threads > 1) { _ in
                    var own = 0
                    repeat {
                        for _ in 0..<16 { try open.append(payload) }
                        own += 16
                    } while climits_now() < end
                    count.add(own, ordering: .relaxed)
                }
                return .rate(records: count.load(ordering: .relaxed), seconds: elapsed)
            }
        }
    }
}
