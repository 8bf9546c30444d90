import WAL
import WALDelivery

#if NATS
    import WALNATS
#endif

/// The part of the output of `sinks` that describes a replicated stream.
struct StreamOverview {
    struct Replica {
        var server: String
        var isCurrent: Bool
        var lag: Int
    }

    /// The name of the sink that writes to the stream.
    var sink: String
    var stream: String
    var leader: String?
    var replicas: [Replica]
    var messageCount: Int
    var byteCount: Int
    var maxByteCount: Int?
    var lanes: [SinkLane]

    #if NATS
        init(sink: String, _ health: JetStreamHealth) {
            self.sink = sink
            stream = health.stream
            leader = health.leader
            replicas = health.replicas.map { Replica(server: $0.server, isCurrent: $0.isCurrent, lag: $0.lag) }
            messageCount = health.messageCount
            byteCount = health.byteCount
            maxByteCount = health.maxByteCount
            lanes = health.lanes
        }
    #endif

    var json: JSON {
        let replicas = JSON.objects(replicas) { replica in
            [("server", .string(replica.server)), ("current", .bool(replica.isCurrent)), ("lag", JSON(replica.lag))]
        }
        let lanes = JSON.objects(lanes) { lane in
            [("lane", JSON(lane.index)), ("epoch", JSON(lane.epoch)), ("position", JSON(lane.position.rawValue))]
        }
        return .object([
            ("sink", .string(sink)), ("stream", .string(stream)), ("leader", JSON(leader)), ("replicas", replicas),
            ("messages", JSON(messageCount)), ("bytes", JSON(byteCount)),
            ("max_bytes", maxByteCount.map { JSON($0) } ?? .null), ("lanes", lanes),
        ])
    }

    var text: String {
        let limit = maxByteCount.map { " of \(Table.bytes(UInt64($0)))" } ?? ""
        var rows = [
            ("messages", "\(messageCount), \(Table.bytes(UInt64(byteCount)))\(limit)"),
            ("position", lanes.map(\.position.rawValue).min().map { "\($0)" } ?? "none"),
            ("leader", leader ?? "none"),
        ]
        for replica in replicas {
            let state = replica.isCurrent ? "current" : "\(replica.lag) messages behind"
            rows.append(("replica", "\(replica.server), \(state)"))
        }
        return "stream \(stream)\n" + Table.pairs(rows)
    }
}
