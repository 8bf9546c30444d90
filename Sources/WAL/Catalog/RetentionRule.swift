/// The decision about which segment retention may remove, without files, threads or clocks.
struct RetentionRule {
    var retention: WriteAheadLog.Retention
    var now: ContinuousClock.Instant
    /// The lowest cursor.
    var passed: UInt64
    /// The first segment that a reader is in.
    var firstPinned: UInt64

    /// Whether the oldest segment may be removed. The newest sealed segment stays, because its footer has the cursors.
    func isOldestRemovable(_ entries: [CatalogEntry], diskSize: Int) -> Bool {
        guard entries.count > 1, entries[1].isDurable, let entry = entries.first, entry.isDurable,
            let footer = entry.footer, footer.finalSequence <= passed, entry.segment.number < firstPinned
        else { return false }
        return isOld(entry) || retention.totalSize.map { diskSize > $0 } ?? false
    }

    private func isOld(_ entry: CatalogEntry) -> Bool {
        retention.age.map { entry.age.at(now) >= $0 } ?? false
    }
}
