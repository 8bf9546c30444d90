internal import WAL
internal import WALDelivery

/// A sink with its claimed lanes, which makes batches as a flusher does.
struct LaneOwner<Tested: Sink>: Sendable {
    private static var attemptsMax: Int { 100 }

    let sink: Tested
    let log: LogID
    let laneCount: Int
    var lanes: [SinkLane]

    /// The first record that no lane has applied.
    var next: SequenceNumber { (lanes.map(\.position).max() ?? .zero).next }

    /// Returns a batch of payloads as the records from ``next`` on, for all lanes or some.
    func batch(_ payloads: [[UInt8]], lanes some: [SinkLane]? = nil) -> SinkBatch {
        let first = next.rawValue
        let records = payloads.enumerated().map { index, payload in
            SinkRecord(
                sequence: SequenceNumber(rawValue: first + UInt64(index)),
                time: Timestamp(rawValue: 1_700_000_000_000_000 + Int64(index)), payload: payload[...])
        }
        return SinkBatch(
            log: log, laneCount: laneCount, lanes: some ?? lanes,
            position: SequenceNumber(rawValue: first + UInt64(max(payloads.count, 1)) - 1), records: records)
    }

    /// Applies a batch and updates the lanes. Retries transient failures as a flusher does.
    @discardableResult
    mutating func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        var attempts = 1
        while true {
            do {
                let receipt = try await sink.apply(batch)
                moved(by: batch)
                return receipt
            } catch  where sink.classify(error) == .transient && attempts < Self.attemptsMax {
                attempts += 1
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    mutating func moved(by batch: SinkBatch) {
        for lane in batch.lanes {
            guard let index = lanes.firstIndex(where: { $0.index == lane.index }) else { continue }
            lanes[index].position = batch.position
        }
    }

    /// Claims all its lanes again.
    mutating func claimAgain() async throws {
        guard let first = lanes.first else { return }
        lanes = try await sink.claim(first.index..<first.index + lanes.count, of: laneCount, log: log)
    }
}
