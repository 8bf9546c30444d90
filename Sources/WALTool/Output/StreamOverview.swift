import WAL
import WALDelivery

#if NATS
    import WALNATS
#endif

/// The part of the output of `sinks` that describes a replicated stream.
struct StreamOverview {
    /// The name of the sink that writes to the stream.
    let sink: String
    let json: JSON
    let text: String

    #if NATS
        init(sink: String, _ health: JetStreamHealth) {
            self.sink = sink
            json = Self.json(sink, health)
            text = Self.text(health)
        }

        private static func json(_ sink: String, _ health: JetStreamHealth) -> JSON {
            let replicas = JSON.objects(health.replicas) {
                [("server", .string($0.server)), ("current", .bool($0.isCurrent)), ("lag", JSON($0.lag))]
            }
            let lanes = JSON.objects(health.lanes) {
                [("lane", JSON($0.index)), ("epoch", JSON($0.epoch)), ("position", JSON($0.position.rawValue))]
            }
            return .object([
                ("sink", .string(sink)), ("stream", .string(health.stream)), ("leader", JSON(health.leader)),
                ("replicas", replicas), ("messages", JSON(health.messageCount)), ("bytes", JSON(health.byteCount)),
                ("max_bytes", health.maxByteCount.map { JSON($0) } ?? .null), ("lanes", lanes),
            ])
        }

        private static func text(_ health: JetStreamHealth) -> String {
            let limit = health.maxByteCount.map { " of \(Table.bytes(UInt64($0)))" } ?? ""
            var rows = [
                ("messages", "\(health.messageCount), \(Table.bytes(UInt64(health.byteCount)))\(limit)"),
                ("position", health.lanes.map(\.position.rawValue).min().map { "\($0)" } ?? "none"),
                ("leader", health.leader ?? "none"),
            ]
            for replica in health.replicas {
                let state = replica.isCurrent ? "current" : "\(replica.lag) messages behind"
                rows.append(("replica", "\(replica.server), \(state)"))
            }
            return "stream \(health.stream)\n" + Table.pairs(rows)
        }
    #endif
}
