internal import Logging

extension Engine {
    /// Removes the segments that the retention rule lets go.
    func removeOldSegments() {
        let removed = state.withLock { state in unlinkedRemovable(&state) }
        if removed {
            try? directory.sync()
            stateChanged()
        }
    }

    /// Unlinks what may go, with the state locked, so that the count of what is there is right at any moment.
    /// Down to `sizeMax` everything goes that consumers have passed, if there are any.
    func unlinkedRemovable(_ state: inout EngineState, sizeMax: Int? = nil) -> Bool {
        let passed = named.withLock { $0.positions.cursors.values.min() }
        var retention = configuration.retention
        if passed != nil, let sizeMax { retention.totalSize = min(retention.totalSize ?? .max, sizeMax) }
        let rule = RetentionRule(
            retention: retention, now: .now, passed: passed ?? .max,
            firstPinned: state.pins.values.min() ?? .max)
        let count = rule.removableCount(state.entries, diskSize: state.diskSize)
        for entry in state.entries.prefix(count) {
            do throws(WALError) {
                try directory.remove(SegmentName.of(entry.segment.number))
                state.entries.removeFirst()
                logger?.debug("removed a segment", metadata: ["wal.segment": "\(entry.segment.number)"])
            } catch {
                logger?.warning("a segment could not be removed", metadata: LogMetadata.of(error))
                return false
            }
        }
        if count > 0 { state.preparation.isOverBudget = false }
        return count > 0
    }
}

/// Decides what may be removed, without files, threads or clocks.
struct RetentionRule {
    var retention: WriteAheadLog.Retention
    var now: Timestamp
    /// Every cursor is at this sequence number or beyond.
    var passed: UInt64
    /// The first segment that a reader is in.
    var firstPinned: UInt64

    /// How many of the oldest segments may go. The newest sealed one stays: its footer has the cursors.
    func removableCount(_ entries: [EngineState.Entry], diskSize: Int) -> Int {
        let sealedCount = entries.prefix { $0.isRemovable }.count
        var size = diskSize
        var count = 0
        for entry in entries.prefix(max(0, sealedCount - 1)) {
            guard let footer = entry.footer, footer.finalSequence <= passed, entry.segment.number < firstPinned,
                isOld(entry, footer) || retention.totalSize.map({ size > $0 }) ?? false
            else { break }
            size -= entry.fileSize
            count += 1
        }
        return count
    }

    private func isOld(_ entry: EngineState.Entry, _ footer: SegmentFooter) -> Bool {
        guard let age = retention.age else { return false }
        let last = footer.recordCount > 0 ? footer.lastTime : entry.segment.header.creationTime
        return Timestamp(rawValue: last) + age <= now
    }
}
