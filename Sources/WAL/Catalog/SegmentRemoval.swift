internal import Logging

extension SegmentCatalog {
    /// Removes the segments that the retention rule no longer keeps. With `sizeMax`, also removes segments that all consumers have
    /// passed, if there are consumers, until the log is no larger than that. Removes `countMax` at most, and returns false if there are more.
    @discardableResult
    func removeOldSegments(sizeMax: Int? = nil, countMax: Int = .max) throws(WALError) -> Bool {
        try removal.withLock { _ throws(WALError) -> Bool in
            refreshConsumers()
            var count = 0
            while state.withLock({ state in isOldestRemovable(state, sizeMax: sizeMax) }) {
                if count == countMax { return false }
                count += 1
                // Each removal is durable before the next. Otherwise a power loss could bring a segment back and not the one after it.
                try directory.sync()
                // The removal before may have taken long, and a consumer may have begun meanwhile.
                refreshConsumers()
                try removeOldest(sizeMax)
            }
            return true
        }
    }

    private func removeOldest(_ sizeMax: Int?) throws(WALError) {
        // The last close of a file gives its blocks back, which can take long. Appends must not wait for that.
        let oldest = state.withLock { $0.entries.first?.segment.number }
        let files = oldest.map { number in
            [SegmentName.of(number), SegmentName.compressed(number)].map { try? File($0, in: directory, .read) }
        }
        defer { withExtendedLifetime(files) {} }
        // Hold the lock of the state, so that the entries and the files agree at any time.
        let number = try state.withLock { state throws(WALError) -> UInt64? in
            // A reader may have pinned it meanwhile.
            guard isOldestRemovable(state, sizeMax: sizeMax) else { return nil }
            let number = state.entries[0].segment.number
            // Removes both files. There are two if compression was interrupted or someone unpacked one. The one left would reappear at
            // the next opening, followed by a gap.
            for name in [SegmentName.of(number), SegmentName.compressed(number)] { try directory.remove(name) }
            state.removeFirst()
            return number
        }
        guard let number else { return }
        changed()
        logger?.debug("removed a segment", metadata: ["wal.segment": "\(number)"])
    }

    /// Whether the retention rule allows the removal of the oldest segment. The caller holds the lock of `state`.
    ///
    /// A closed log removes no segment: another writer may have the directory, with consumers that this log doesn't
    /// know.
    func isOldestRemovable(_ state: CatalogState, sizeMax: Int? = nil) -> Bool {
        guard !state.phase.isClosingOrClosed else { return false }
        let passed = passedByConsumers
        var retention = configuration.retention
        if passed != nil, let sizeMax { retention.totalSize = min(retention.totalSize ?? .max, sizeMax) }
        let rule = RetentionRule(
            retention: retention, now: .now, passed: passed ?? .max,
            firstPinned: state.pins.values.min() ?? .max)
        return rule.isOldestRemovable(state.entries, diskSize: state.diskSize)
    }
}
