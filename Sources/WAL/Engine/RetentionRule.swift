/// Decides what may be removed, without files, threads or clocks.
struct RetentionRule {
    var retention: WriteAheadLog.Retention
    var now: ContinuousClock.Instant
    /// Every cursor is at this sequence number or beyond.
    var passed: UInt64
    /// The first segment that a reader is in.
    var firstPinned: UInt64

    /// Whether the oldest segment may go. The newest sealed one stays: its footer has the cursors.
    func isOldestRemovable(_ entries: [EngineState.Entry], diskSize: Int) -> Bool {
        guard entries.count > 1, entries[1].isRemovable, let entry = entries.first, entry.isRemovable,
            let footer = entry.footer, footer.finalSequence <= passed, entry.segment.number < firstPinned
        else { return false }
        return isOld(entry) || retention.totalSize.map { diskSize > $0 } ?? false
    }

    private func isOld(_ entry: EngineState.Entry) -> Bool {
        retention.age.map { entry.age.at(now) >= $0 } ?? false
    }
}
