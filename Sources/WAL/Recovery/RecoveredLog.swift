/// What opening leaves the engine to go on from.
struct RecoveredLog {
    var directory: Directory
    var logID: LogID
    var epoch: UInt64
    /// The segments, all sealed, the oldest first.
    var entries: [CatalogEntry]
    var nextNumber: UInt64
    var nextSequence: UInt64
    var nextPosition: UInt64
    var predecessor: SegmentHeader.Predecessor
    var markers: Markers
    /// What the recovery found, for the first frame of the fresh segment; nil where there is nothing to tell.
    var recoveryBody: [UInt8]?
    let unused: ReclaimableSpace
}
