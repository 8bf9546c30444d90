import BenchmarkKit
import BenchmarkReport
import CPeers
import Contenders
import WAL

/// All records in order, from a warm page cache, by whatever each library has for that.
enum Sequential {
    static func cases(_ options: SuiteOptions) -> [Case] {
        let count = options.quick ? 1_000_000 : 2_000_000
        return options.payloads(quick: [256], full: [256]).map(Payload.init).flatMap { payload in
            let comparison = Comparison("read", Setup(payload: payload.size))
            let peers = Peer.all(peer_written).filter { $0.contender.name != "Berkeley DB, buffered" }.map { peer in
                Case(comparison, peer.contender) { try read(peer, payload, count, in: $0) }
            }
            return [
                Case(comparison, Limit.scan) { directory in
                    let log = try FilledLog(in: directory, payload, records: count)
                    let segments = try log.segments()
                    return try .rate(count, payload) { try Limit.scan(segments).records }
                },
                Case(comparison, .log) { try read(payload, count, in: $0) },
            ] + peers
        }
    }

    /// In place, each checksum verified.
    private static func read(_ payload: Payload, _ count: Int, in directory: String) throws -> Outcome {
        let filled = try FilledLog(in: directory, payload, records: count)
        let log = try ReadOnlyLog(at: filled.directory)
        return try .rate(count, payload) {
            let reader = log.reader()
            var bytes = 0
            var records = 0
            while let size = try reader.next({ $0.payload.byteCount }) {
                bytes += size
                records += 1
            }
            precondition(bytes == records * payload.size, "bytes are missing")
            return records
        }
    }

    private static func read(_ peer: Peer, _ payload: Payload, _ count: Int, in directory: String) throws -> Outcome {
        try fill(peer, payload, count, in: directory)
        let open = try peer.open(directory, peer_written)
        return try .rate(count, payload) { try open.readAll().records }
    }

    static func fill(_ peer: Peer, _ payload: Payload, _ count: Int, in directory: String) throws {
        let open = try peer.open(directory, peer_written)
        for _ in 0..<count / 1000 { try open.append(payload, count: 1000) }
    }
}
