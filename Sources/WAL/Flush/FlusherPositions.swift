/// Whether log and sink belong together: each was perhaps restored from a copy, and then knows more or less than the other.
extension FlusherContext {
    /// For a sink that has applied more than this log ever held: the log is an older copy of itself. The numbers of what it lacks
    /// must never be given to other records, which the sink would take for applied.
    func skipWhatTheLogLacks(_ lanes: [SinkLane]) async throws(WALError) {
        guard let furthest = lanes.max(by: { $0.position < $1.position }), furthest.position > lastAtStart else {
            return
        }
        let last = SequenceNumber(
            rawValue: try await log.engine.skipSequences(through: furthest.position.rawValue))
        let missing = lastAtStart.next...furthest.position
        coordinator.withState { $0.counters.sequencesMissing = missing }
        events.logRestored(missing: missing)
        guard last <= lastAtStart else {
            // They were appended before the sink could say so, and have numbers that it takes for applied.
            throw .sinkAhead(sink.name, furthest, last: lastAtStart, passedOver: lastAtStart.next...last)
        }
    }

    /// Sees to it that the log holds everything that the lanes lack, or that they needn't have it.
    func requireRecords(of lanes: inout OwnedLanes) throws(WALError) {
        if let ahead = lanes.claimed.first(where: { $0.position > log.lastSequence }) {
            throw .sinkAhead(sink.name, ahead, last: log.lastSequence, passedOver: nil)
        }
        if let start = configuration.startSequence {
            lanes.startNew(after: SequenceNumber(rawValue: start.rawValue - 1))
        }
        let first = log.firstSequence
        // Numbers that a recovery has passed over were never records: a sink may lack them.
        guard let behind = lanes.furthestBehind, lanes.frontier.next < first,
            lanes.frontier < log.engine.lastRemovedSequence
        else { return }
        guard configuration.gapPolicy == .skip else { throw .sinkBehind(sink.name, behind, first: first) }
        let missing = lanes.frontier.next...SequenceNumber(rawValue: first.rawValue - 1)
        coordinator.withState { $0.counters.skip(missing) }
        events.gapSkipped(missing)
        lanes.start(after: missing.upperBound)
    }
}
