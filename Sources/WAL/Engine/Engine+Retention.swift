internal import Logging

extension Engine {
    /// Removes what the retention rule lets go now; where that fails it is tried again in a second.
    func applyRetention() {
        if let jump = clockWatch.withLock({ $0.jump(time: .now, at: .now) }) {
            logger?.warning(
                "the system's clock has jumped; records have its times, and retention doesn't go by them",
                metadata: ["wal.message": "by \(jump)"])
        }
        do throws(WALError) {
            try removeOldSegments()
        } catch {
            logger?.warning("a segment could not be removed", metadata: LogMetadata.of(error))
        }
    }

    /// Removes the segments that the retention rule lets go. Down to `sizeMax` everything goes that consumers have passed, if there
    /// are any.
    func removeOldSegments(sizeMax: Int? = nil) throws(WALError) {
        try removing.withLock { _ throws(WALError) in
            while state.withLock({ state in isOldestRemovable(state, sizeMax: sizeMax) }) {
                // Each removal is durable before the next: else a power loss could bring a segment back and not the one behind it.
                try directory.sync()
                try removeOldest(sizeMax)
            }
        }
    }

    private func removeOldest(_ sizeMax: Int?) throws(WALError) {
        // With the state locked, so that the count of what is there is right at any moment.
        let number = try state.withLock { state throws(WALError) -> UInt64? in
            // A reader may have come.
            guard isOldestRemovable(state, sizeMax: sizeMax) else { return nil }
            let number = state.entries[0].segment.number
            // Both are there where compressing could not be ended, or somebody has unpacked one: the other would come back, with a gap
            // behind it.
            for name in [SegmentName.of(number), SegmentName.compressed(number)] { try directory.remove(name) }
            state.entries.removeFirst()
            state.preparation.isOverBudget = false
            return number
        }
        guard let number else { return }
        stateChanged()
        logger?.debug("removed a segment", metadata: ["wal.segment": "\(number)"])
    }

    func isOldestRemovable(_ state: EngineState, sizeMax: Int? = nil) -> Bool {
        let passed = named.withLock { $0.positions.cursors.values.min() }
        var retention = configuration.retention
        if passed != nil, let sizeMax { retention.totalSize = min(retention.totalSize ?? .max, sizeMax) }
        let rule = RetentionRule(
            retention: retention, now: .now, passed: passed ?? .max,
            firstPinned: state.pins.values.min() ?? .max)
        return rule.isOldestRemovable(state.entries, diskSize: state.diskSize)
    }
}
