internal import WAL
internal import WALDelivery

/// A sink and its claimed lanes. It makes batches like a flusher.
struct LaneOwner<Tested: Sink>: Sendable {
    let sink: Tested
    let log: LogID
    let laneCount: Int
    /// The time for which ``apply(_:)`` retries.
    let patience: Duration
    var lanes: [SinkLane]

    /// The first record that no lane has applied.
    var next: SequenceNumber { (lanes.map(\.position).max() ?? .zero).next }

    /// Returns a batch of payloads as the records from ``next`` on, for all lanes or for some of them.
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

    /// Applies a batch and updates the lanes. Retries like ``applyUnmoved(_:)``.
    @discardableResult
    mutating func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        let receipt = try await applyUnmoved(batch)
        moved(by: batch)
        return receipt
    }

    /// Applies a batch. Retries after failures that promise that nothing was applied, because the destination may be
    /// slow.
    func applyUnmoved(_ batch: SinkBatch) async throws -> SinkReceipt {
        try await sink.retrying([.transient, .overloaded], for: patience) { try await sink.apply(batch) }
    }

    mutating func moved(by batch: SinkBatch) {
        for lane in batch.lanes {
            guard let index = lanes.firstIndex(where: { $0.index == lane.index }) else { continue }
            lanes[index].position = batch.position
        }
    }

    /// Claims all lanes of this owner again.
    mutating func claimAgain() async throws {
        lanes = try await sink.claim(0..<laneCount, of: laneCount, log: log)
    }
}

extension Sink {
    /// Repeats a call that fails in one of these ways, but not longer than `patience`.
    func retrying<Result>(
        _ failures: Set<SinkFailure>, for patience: Duration, _ call: () async throws -> Result
    ) async throws -> Result {
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                return try await call()
            } catch  where failures.contains(classify(error)) && .now < deadline {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }
}
