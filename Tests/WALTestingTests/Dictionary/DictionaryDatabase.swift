import WAL
import WALDelivery
import WALTesting

/// A destination in memory that isn't a task store: values by key, events, and the state that a sink must store. Has a bug on
/// demand.
final class DictionaryDatabase: Sendable {
    struct Lanes: Sendable {
        var laneCount: Int
        var lanes: [SinkLane]
        var deadLetters: [DeadLetter] = []
    }

    struct State: Sendable {
        var contents = SinkContents()
        var logs: [LogID: Lanes] = [:]
        var openBatches = 0
        /// Whether a batch was lost because another one was open.
        var hasLost = false
        var claimCount = 0
        var isClosed = false
    }

    enum Failure: Error {
        case fenced, laneCount, closed, broken
        case refused(SequenceNumber)
    }

    let state = Monitor(State())
    let bug: Bug?

    init(_ bug: Bug? = nil) {
        self.bug = bug
    }

    func has(_ other: Bug) -> Bool { bug == other }

    var contents: SinkContents { state.withLock(\.contents) }

    func deadLetters(of log: LogID) -> [DeadLetter] {
        state.withLock { $0.logs[log]?.deadLetters ?? [] }
    }

    func close() {
        if has(.closesForAll) { state.withLock { $0.isClosed = true } }
    }

    func claim(_ range: Range<Int>, of laneCount: Int, log wanted: LogID) throws -> [SinkLane] {
        let log = has(.sharesPositions) ? LogID(low: 0, high: 0) : wanted
        return try state.withLock { state in
            if state.isClosed { throw Failure.closed }
            state.claimCount += 1
            let new = (0..<laneCount).map { SinkLane(index: $0, epoch: 0, position: .zero) }
            var known = state.logs[log] ?? Lanes(laneCount: laneCount, lanes: new)
            let takesFewer = has(.takesFewerLanes) && laneCount < known.laneCount
            if known.laneCount != laneCount, !takesFewer {
                guard has(.takesOtherLaneCount) || has(.sharesPositions) else { throw Failure.laneCount }
                known = Lanes(laneCount: laneCount, lanes: new)
            }
            let raised = has(.raisesAllEpochs) ? 0..<laneCount : range
            for lane in raised where !has(.keepsEpochs) || known.lanes[lane].epoch == 0 { known.lanes[lane].epoch += 1 }
            if has(.forgetsPositions) { for lane in range { known.lanes[lane].position = .zero } }
            state.logs[log] = known
            var claimed = Array(known.lanes[range])
            if has(.startsAtEpochZero) { for index in claimed.indices { claimed[index].epoch -= 1 } }
            if has(.claimsOldPositions), claimed[0].epoch > 2 {
                for index in claimed.indices where claimed[index].position > .zero {
                    claimed[index].position = SequenceNumber(rawValue: claimed[index].position.rawValue - 1)
                }
            }
            return claimed
        }
    }

    func positions(of range: Range<Int>, log wanted: LogID) -> [SinkLane] {
        let log = has(.sharesPositions) ? LogID(low: 0, high: 0) : wanted
        return state.withLock { state in
            if has(.reportsByClaiming) {
                for index in range where state.logs[log] != nil { state.logs[log]?.lanes[index].epoch += 1 }
            }
            let known = has(.reportsOtherLogs) ? state.logs.values.flatMap(\.lanes) : state.logs[log]?.lanes ?? []
            var lanes = known.filter { $0.epoch > 0 && (has(.reportsAllLanes) || range.contains($0.index)) }
            for index in lanes.indices {
                if has(.reportsOldEpochs) { lanes[index].epoch = 1 }
                if has(.reportsOldPositions) { lanes[index].position = .zero }
            }
            return lanes
        }
    }
}
