/// The source of a reader's segments: an open log, or a directory that another process may be writing to.
protocol SegmentSource: Sendable {
    /// Returns the segment with this sequence number, or else the first segment after it. Without a number, returns the
    /// first segment.
    func segment(containing sequence: UInt64?) throws(WALError) -> LocatedSegment?
    /// Returns the first segment that may have a record of this time or later. If the reader has opened it, `reusing`
    /// returns it.
    func segment(since time: Int64, reusing: (Segment) -> ReadableSegment?) throws(WALError) -> LocatedSegment?
    /// Returns the way to continue from a place without a frame, or from a footer.
    func continuation(of segment: ReadableSegment, at place: ReadingPlace) throws(WALError) -> Continuation
    /// Whether the segment was removed, so that a reader can't continue from it.
    func isRemoved(_ segment: ReadableSegment) -> Bool
    /// Returns the log position up to which readers of durable records may read, for a reader at a position.
    func durablePosition(after position: UInt64) throws(WALError) -> UInt64
    /// Suspends until there may be more after `position`, for a reader that wants records from `sequence` on. Throws if
    /// there never will be more. `durable` is the durable position that the reader knows, and `isDue` returns true if there is a frame at
    /// its place.
    func waitForMore(
        behind position: UInt64, durable: UInt64, from sequence: UInt64, visibility: ReadVisibility,
        unless isDue: () -> Bool
    ) async throws(WALError)
    /// Keeps a segment and all newer ones from being removed.
    func pin(_ reader: ObjectIdentifier, at number: UInt64)
    /// Keeps the segment as ``pin(_:at:)`` does. Returns false if it was removed, or was sealed since it was opened.
    func pin(_ reader: ObjectIdentifier, in segment: ReadableSegment) -> Bool
    func unpin(_ reader: ObjectIdentifier)
}

/// The segment in which a reader begins.
struct LocatedSegment {
    /// The segment; nil if there is none that can be read.
    var segment: ReadableSegment?
    /// The gaps before and around the segment, in order.
    var gaps: [LogGap] = []
    /// Whether recovery may end the log in the segment. Then the reader passes no frame without reading it.
    var mayBeTorn = false
}
