import BenchmarkKit
import BenchmarkReport
import CPeers
import Contenders
import WAL

/// Batches of 100 records that are durable when the append returns, from one thread.
enum DurableBatches {
    static let size = 100

    static func cases(_ options: SuiteOptions) -> [Case] {
        let seconds = options.quick ? 1.0 : 2.0
        return options.payloads(quick: [256], full: [256]).map(Payload.init).flatMap { payload in
            let comparison = Comparison("durable-batches", Setup(payload: payload.size, writers: 1))
            let ours = Case(comparison, .log) { directory in
                let log = try LogUnderTest.open(in: directory, .always)
                let outcome = try Durable.closedLoop(threads: 1, seconds: seconds, records: size) {
                    var batch = RecordBatch()
                    for _ in 0..<size { batch.append(payload.bytes) }
                    try log.appendBlocking(batch)
                }
                try await log.close()
                return outcome
            }
            let peers = Peer.all(peer_durable).map { peer in
                Case(comparison, peer.contender) { directory in
                    let open = try peer.open(directory, peer_durable)
                    return try Durable.closedLoop(threads: 1, seconds: seconds, records: size) {
                        try open.append(payload, count: size)
                    }
                }
            }
            return [ours] + peers
        }
    }
}
