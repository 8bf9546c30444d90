@testable import WAL
@testable import WALDelivery

/// A sink in memory that keeps the contract exactly, fails on demand, and records each breach by the flusher.
final class RecordingSink: Sink {
    struct Failure: Error {
        var meaning: SinkFailure
    }

    /// The failure of one call.
    enum Fault: Sendable {
        case none
        case before(SinkFailure)
        /// The sink applies the batch, and the answer is lost.
        case after(SinkFailure)
    }

    struct State: Sendable {
        var lanes: [SinkLane] = []
        /// In the order in which they were applied.
        var rows: [(sequence: UInt64, key: UInt8)] = []
        var applied: Set<UInt64> = []
        var breaches: [String] = []
        var batches: [SinkBatch] = []
        var claims = 0
        var looks = 0
        var calls = 0
        var closings = 0
    }

    /// The key of a record that is ordered against all others.
    static let barrierKey: UInt8 = 255

    let name: String
    let maxConcurrency: Int
    let state: Monitor<State>
    private let poison: Set<UInt64>
    private let forgotten: UInt64?
    private let fault: @Sendable (_ call: Int, SinkBatch) -> Fault
    private let claimFault: @Sendable (_ claim: Int) -> Fault
    private let lookFault: @Sendable (_ look: Int) -> SinkFailure?

    init(
        name: String = "recording", maxConcurrency: Int = 16, continuing before: State = State(),
        poison: Set<UInt64> = [],
        forgetsWhenClaimedAgain forgotten: UInt64? = nil,
        fault: @escaping @Sendable (Int, SinkBatch) -> Fault = { _, _ in .none },
        claimFault: @escaping @Sendable (Int) -> Fault = { _ in .none },
        lookFault: @escaping @Sendable (Int) -> SinkFailure? = { _ in nil }
    ) {
        self.name = name
        self.maxConcurrency = maxConcurrency
        self.poison = poison
        self.forgotten = forgotten
        self.fault = fault
        self.claimFault = claimFault
        self.lookFault = lookFault
        var state = before
        state.calls = 0
        state.claims = 0
        state.looks = 0
        self.state = Monitor(state)
    }

    var snapshot: State { state.withLock { $0 } }

    func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try state.withLock { state in
            state.claims += 1
            let fault = claimFault(state.claims)
            if case .before(let meaning) = fault { throw Failure(meaning: meaning) }
            while state.lanes.count < laneCount {
                state.lanes.append(SinkLane(index: state.lanes.count, epoch: 0, position: .zero))
            }
            for lane in lanes { state.lanes[lane].epoch += 1 }
            if let forgotten, state.claims == 2 { forget(beyond: forgotten, &state) }
            if case .after(let meaning) = fault { throw Failure(meaning: meaning) }
            return Array(state.lanes[lanes])
        }
    }

    func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
        try state.withLock { state in
            state.looks += 1
            if let meaning = lookFault(state.looks) { throw Failure(meaning: meaning) }
            return state.lanes.filter { lanes.contains($0.index) }
        }
    }

    /// Loses the commits after a record, as a failover does.
    func forget(beyond sequence: UInt64) {
        state.withLock { forget(beyond: sequence, &$0) }
    }

    private func forget(beyond sequence: UInt64, _ state: inout State) {
        state.rows.removeAll { $0.sequence > sequence }
        state.applied = state.applied.filter { $0 <= sequence }
        for index in state.lanes.indices {
            // The copy is older than the flusher's claim.
            state.lanes[index].epoch = 1
            state.lanes[index].position = min(state.lanes[index].position, SequenceNumber(rawValue: sequence))
        }
    }

    func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        await Task.yield()
        return try state.withLock { state in
            state.calls += 1
            let fault = fault(state.calls, batch)
            if case .before(let meaning) = fault { throw Failure(meaning: meaning) }
            for lane in batch.lanes where state.lanes[lane.index] != lane {
                let found = state.lanes[lane.index]
                let isSetBack = found.epoch <= lane.epoch && found.position < lane.position
                throw Failure(meaning: isSetBack ? .indeterminate : .fenced)
            }
            if batch.records.contains(where: { poison.contains($0.sequence.rawValue) }) {
                throw Failure(meaning: .record(code: "22P02", reason: "poison"))
            }
            take(batch, &state)
            if case .after(let meaning) = fault { throw Failure(meaning: meaning) }
            return SinkReceipt(rowCount: batch.records.count)
        }
    }

    private func take(_ batch: SinkBatch, _ state: inout State) {
        state.batches.append(batch)
        let listed = Dictionary(uniqueKeysWithValues: batch.lanes.map { ($0.index, $0.position) })
        for lane in batch.lanes {
            if lane.position >= batch.position { state.breaches.append("lane \(lane.index) doesn't move") }
            state.lanes[lane.index].position = batch.position
        }
        for record in batch.records {
            let sequence = record.sequence.rawValue
            let key = record.payload.first ?? 0
            let lane = key == Self.barrierKey ? 0 : Int(key) % batch.laneCount
            if let position = listed[lane] {
                if record.sequence <= position { state.breaches.append("record \(sequence) was covered by its lane") }
            } else {
                state.breaches.append("the lane of record \(sequence) isn't listed")
            }
            if record.sequence > batch.position { state.breaches.append("record \(sequence) is beyond the position") }
            if !state.applied.insert(sequence).inserted {
                state.breaches.append("record \(sequence) was applied twice")
            }
            state.rows.append((sequence, key))
            if key == Self.barrierKey {
                if batch.records.count != 1 { state.breaches.append("barrier \(sequence) isn't alone") }
                if batch.lanes.count != batch.laneCount {
                    state.breaches.append("barrier \(sequence) leaves lanes behind")
                }
                let before = state.rows.count { $0.sequence < sequence }
                if before + poison.count(where: { $0 < sequence }) < Int(sequence) - 1 {
                    state.breaches.append("barrier \(sequence) overtakes records")
                }
                if state.rows.contains(where: { $0.sequence > sequence }) {
                    state.breaches.append("barrier \(sequence) was overtaken")
                }
            }
        }
    }

    func classify(_ error: any Error) -> SinkFailure {
        (error as? Failure)?.meaning ?? .fatal
    }

    func close() async {
        state.withLock { $0.closings += 1 }
    }
}

extension RecordingSink.State {
    /// The order of the rows of each key is the order of the log.
    var isOrdered: Bool {
        Dictionary(grouping: rows, by: \.key).values.allSatisfy { rows in
            zip(rows, rows.dropFirst()).allSatisfy { $0.sequence < $1.sequence }
        }
    }
}
