internal import WAL

/// Checks whether the log and the sink belong together. Each may have been restored from a copy, and then has more or
/// fewer records than the other.
extension FlusherCore {
    /// Throws while an earlier refusal owes records to the sink. If delivery continued, the owed records would go
    /// unnoticed.
    func requireNothingOwed() throws(WALError) {
        let owed = log.owedRecords.filter { $0.sink == sink.name }
        guard !owed.isEmpty else { return }
        throw .recordsOwed(owed, by: sink, directory: log.directory)
    }

    /// Marks the log's end until the sink has been asked. Without the mark, records appended before that would count
    /// after a restart as records that the sink may have applied.
    func markUnasked() {
        setMark(lastAtStart)
    }

    /// Marks the log's last record during contact with the sink. If another owner has claimed the sink, that owner may
    /// have given the sink other records after the last record that the sink applied from this log.
    func markEnd(_ error: WALError?) {
        guard log.cursors[OwedRecords.mark(of: sink.name)] == nil, error?.code != .closed else { return }
        switch error?.code {
        case .detached: break
        case .fenced: setMark(coordinator.applied)
        default: setMark(log.lastSequence)
        }
    }

    /// Removes the mark, durably if the log can be synced. If it can't, durable records are delivered nevertheless.
    /// The worst consequence is a false alarm: after a power loss the next flusher finds the mark, and reports
    /// records delivered meanwhile as owed.
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
        if log.cursors[mark] != sequence { setCursor(mark, to: sequence) }
    }

    /// Skips sequence numbers if the sink has applied more records than this log ever held. Then the log is an older
    /// copy of itself. The numbers of the missing records must never be reused, because the sink would treat the new
    /// records as applied.
    func skipWhatTheLogLacks(_ lanes: [SinkLane]) async throws(WALError) {
        guard let furthest = lanes.max(by: { $0.position < $1.position }), furthest.position > lastAtStart else {
            return try await removeMark()
        }
        let last = try await log.skipSequences(through: furthest.position)
        let missing = lastAtStart.next...furthest.position
        coordinator.withState { $0.counters.sequencesMissing = missing }
        events.logRestored(missing: missing)
        guard last > lastAtStart else { return try await removeMark() }
        // These records were appended before the sink could report its positions, and have numbers that it would
        // treat as applied.
        let owed = OwedRecords(sink: sink.name, sequences: lastAtStart.next...last)
        // Write the debt first. After a crash in between, the same range is found again and owed twice, which is
        // better than never.
        try log.setCursor(owed.cursor, to: lastAtStart)
        try await removeMark()
        throw .sinkAhead(
            sink.name, furthest, last: lastAtStart, remedy: WALError.owing([owed], sink, log.directory))
    }

    /// Ensures that the log holds every record that the lanes are missing, or that the configuration lets them skip
    /// it.
    func requireRecords(of lanes: inout OwnedLanes) throws(WALError) {
        if let ahead = lanes.claimed.first(where: { $0.position > log.lastSequence }) {
            throw .sinkAhead(sink.name, ahead, last: log.lastSequence)
        }
        if let start = configuration.startSequence {
            lanes.startNew(after: SequenceNumber(rawValue: start.rawValue - 1))
        }
        let first = log.firstSequence
        // Sequence numbers that a recovery has skipped never had records, so no sink needs them.
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
