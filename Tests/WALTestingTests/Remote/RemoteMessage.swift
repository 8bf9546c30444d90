import WAL
import WALDelivery

/// Batches and lanes as text.
enum RemoteMessage {
    static func encode(_ lanes: [SinkLane]) -> String {
        lanes.map { "\($0.index) \($0.epoch) \($0.position)" }.joined(separator: "\n")
    }

    static func lanes(_ text: some StringProtocol) -> [SinkLane] {
        text.split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 3 else { return nil }
            return SinkLane(
                index: Int(numbers[0]), epoch: numbers[1], position: SequenceNumber(rawValue: numbers[2]))
        }
    }

    static func encode(_ batch: SinkBatch) -> String {
        let head = "\(batch.log.low) \(batch.log.high) \(batch.laneCount) \(batch.position)"
        let records = batch.records.map { "\($0.sequence):\(String(decoding: $0.payload, as: UTF8.self))" }
        return [head, encode(batch.lanes), records.joined(separator: "\n")].joined(separator: "\n\n")
    }

    static func batch(_ text: some StringProtocol) -> SinkBatch? {
        let parts = text.split(separator: "\n\n", omittingEmptySubsequences: false)
        let head = parts[0].split(separator: " ").compactMap { UInt64($0) }
        guard head.count == 4, parts.count >= 2 else { return nil }
        return SinkBatch(
            log: LogID(low: head[0], high: head[1]), laneCount: Int(head[2]), lanes: lanes(parts[1]),
            position: SequenceNumber(rawValue: head[3]), records: parts.count > 2 ? records(parts[2]) : [])
    }

    private static func records(_ text: some StringProtocol) -> [SinkRecord] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let number = UInt64(parts[0]) else { return nil }
            return SinkRecord(
                sequence: SequenceNumber(rawValue: number), time: Timestamp(rawValue: 0),
                payload: Array(parts[1].utf8)[...])
        }
    }
}
