internal import WAL

/// Whether log and sink belong together: each was perhaps restored from a copy, and then knows more or less than the other.
extension FlusherCore {
    /// Refuses while the sink is owed records of an earlier refusal: if it were delivered to, nobody would look for them.
    func requireNothingOwed() throws(WALError) {
        let owed = log.owedRecords.filter { $0.sink == sink.name }
        guard !owed.isEmpty else { return }
        throw .recordsOwed(owed, directory: log.directory)
    }

    /// Remembers the log's end until the sink has been asked. Otherwise records that are appended before that would count, after
    /// a restart, as those that the sink may have applied.
    func markUnasked() {
        setMark(lastAtStart)
    }

    /// Remembers how far the log came in touch with the sink. One that another owner has claimed may have other records behind
    /// what it applied of this log.
    func markEnd(_ error: WALError?) {
        guard log.cursors[OwedRecords.mark(of: sink.name)] == nil, error?.code != .closed else { return }
        switch error?.code {
        case .detached: break
        case .fenced: setMark(coordinator.applied)
        default: setMark(log.lastSequence)
        }
    }

    /// Durably, if the log can be synced. If it can't, what is durable is delivered all the same, and the worst that follows is an
    /// alarm: after a power loss the next flusher finds the mark, and reports what was delivered meanwhile as owed.
    private func removeMark() async throws(WALError) {
        guard log.cursors[OwedRecords.mark(of: sink.name)] != nil else { return }
        setMark(nil)
        do throws(WALError) {
            try await log.sync()
        } catch {
            if Task.isCancelled || error.code == .closed { throw error }
            events.syncFailed(error)
        }
    }

    private func setMark(_ sequence: SequenceNumber?) {
        let mark = OwedRecords.mark(of: sink.name)
        guard log.cursors[mark] != sequence else { return }
        do throws(WALError) {
            if let sequence { try log.setCursor(mark, to: sequence) } else { try log.removeCursor(mark) }
        } catch {
            events.cursorFailed(error)
        }
    }

    /// For a sink that has applied more than this log ever held: the log is an older copy of itself. The numbers of what it lacks
    /// must never be given to other records, which the sink would take for applied.
    func skipWhatTheLogLacks(_ lanes: [SinkLane]) async throws(WALError) {
        guard let furthest = lanes.max(by: { $0.position < $1.position }), furthest.position > lastAtStart else {
            return try await removeMark()
        }
        let last = try await log.skipSequences(through: furthest.position)
        let missing = lastAtStart.next...furthest.position
        coordinator.withState { $0.counters.sequencesMissing = missing }
        events.logRestored(missing: missing)
        guard last > lastAtStart else { return try await removeMark() }
        // They were appended before the sink could say so, and have numbers that it takes for applied.
        let owed = OwedRecords(sink: sink.name, sequences: lastAtStart.next...last)
        // The debt first: a crash in between finds the same range again, and owes it twice, not never.
        try log.setCursor(owed.cursor, to: lastAtStart)
        try await removeMark()
        throw .sinkAhead(sink.name, furthest, last: lastAtStart, owed: owed, directory: log.directory)
    }

    /// Sees to it that the log holds everything that the lanes lack, or that they needn't have it.
    func requireRecords(of lanes: inout OwnedLanes) throws(WALError) {
        if let ahead = lanes.claimed.first(where: { $0.position > log.lastSequence }) {
            throw .sinkAhead(sink.name, ahead, last: log.lastSequence)
        }
        if let start = configuration.startSequence {
            lanes.startNew(after: SequenceNumber(rawValue: start.rawValue - 1))
        }
        let first = log.firstSequence
        // Numbers that a recovery has passed over were never records: a sink may lack them.
        guard let behind = lanes.furthestBehind, lanes.scannedMin.next < first,
            lanes.scannedMin < log.lastRemovedSequence
        else { return }
        guard configuration.gapPolicy == .skip else { throw .sinkBehind(sink.name, behind, first: first) }
        let missing = lanes.scannedMin.next...SequenceNumber(rawValue: first.rawValue - 1)
        coordinator.withState { $0.counters.skip(missing) }
        events.gapSkipped(missing)
        lanes.start(after: missing.upperBound)
    }
}
