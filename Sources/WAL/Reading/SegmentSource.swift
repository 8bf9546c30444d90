/// Where a reader gets its segments from: an open log, or a directory that another process may be writing to.
protocol SegmentSource: Sendable {
    /// The segment that has the record with this sequence number, or the first behind it that there is; without a number the first.
    func segment(containing sequence: UInt64?) throws(WALError) -> LocatedSegment?
    /// The first segment that may have a record of this time or later.
    func segment(since time: Int64) throws(WALError) -> LocatedSegment?
    /// Where to go on from a place in a segment that has no frame, or from its footer.
    func continuation(of segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation
    /// Whether it was removed, so that nothing leads on from it.
    func isRemoved(_ segment: ReadableSegment) -> Bool
    /// What readers of durable records may read, as a log position.
    var durablePosition: UInt64 { get }
    /// Suspends until there may be more behind `position` for a reader that wants records from `sequence` on. Throws when
    /// there never will be.
    func waitForMore(
        behind position: UInt64, from sequence: UInt64, visibility: ReadVisibility
    ) async throws(WALError)
    /// Keeps a segment and all behind it from being removed.
    func pin(_ reader: ObjectIdentifier, at number: UInt64)
    func unpin(_ reader: ObjectIdentifier)
}

/// Where a reader begins.
struct LocatedSegment {
    /// Nil where none is left that can be read.
    var segment: ReadableSegment?
    /// Why numbers before and around it have no record, in order.
    var gaps: [LogGap] = []
}
