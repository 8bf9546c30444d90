/// The kind of log that an opening expects or makes.
package enum LogKind {
    /// A log that gives its records their numbers.
    case original
    /// A replica of this log, or an empty directory.
    case replica(of: LogID)
    /// A replica, which becomes an original. Its next record gets a number above this one.
    case promotion(above: SequenceNumber?)
    /// Either kind, which stays as it is.
    case any

    /// The name of the bookmark with a replica's position.
    static let bookmarkName = "replica"
    /// The distance from a replica's position to the first number after a promotion, if the caller knows no number.
    ///
    /// The source may have given numbers to records that never left its machine. At a million records a second, it
    /// takes twelve days to cover this distance.
    static let promotionDistance: UInt64 = 1 << 40

    /// Throws if the log is of another kind.
    func check(_ plan: RecoveryPlan, at path: String) throws(WALError) {
        switch (self, plan.source) {
        case (.any, _), (.original, nil), (.promotion, .some): break
        case (.original, let source?):
            throw WALError(
                .replica,
                """
                \(path) is a replica of the log \(source), which alone gives numbers to its records. Follow that log with \
                LogReplica or `wal follow`, or run `wal promote` to make the replica a log of its own.
                """)
        case (.replica(let wanted), let source?) where source != wanted:
            throw WALError(
                .invalidArgument,
                "\(path) is a replica of the log \(source), not of \(wanted). Give the replica another directory.")
        case (.replica, nil) where plan.last != nil, (.promotion, nil):
            throw WALError(
                .invalidArgument,
                "\(path) isn't a replica: it has no records of another log. Give the directory of a replica.")
        case (.replica, _): break
        }
    }

    /// Returns the recovered log as a log of this kind.
    func adapt(_ recovered: RecoveredLog) throws(WALError) -> RecoveredLog {
        var log = recovered
        switch self {
        case .original, .any: break
        case .replica(let source):
            // No file has a readable header, so the source gives all its records again.
            if log.source == nil { log.nextSequence = 1 }
            log.source = source
        case .promotion(let above):
            // The last record of the source that the replica has processed.
            let position = max(log.nextSequence - 1, log.markers.bookmarks[Self.bookmarkName]?.position ?? 0)
            let last = above?.rawValue ?? position &+ Self.promotionDistance
            guard last >= position, last < SequenceNumber.omittedMax else {
                throw WALError(
                    .invalidArgument,
                    """
                    A promotion above record \(last) isn't possible: the replica \(log.directory.path) is at \(position), \
                    and the numbers that a log can leave out end at 2^61. Give a number from \(position) on.
                    """)
            }
            log.source = nil
            log.nextSequence = last + 1
            log.epoch += 1
        }
        return log
    }
}
