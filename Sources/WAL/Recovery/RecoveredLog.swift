/// The state of a recovered log, from which the engine continues.
struct RecoveredLog {
    var directory: Directory
    var logID: LogID
    /// The log that the records come from, if the log is a replica.
    var source: LogID?
    var epoch: UInt64
    /// The segments, all sealed, oldest first.
    var entries: [CatalogEntry]
    var nextNumber: UInt64
    var nextSequence: UInt64
    var nextPosition: UInt64
    var predecessor: SegmentHeader.Predecessor
    var markers: Markers
    /// The findings of the recovery, for the first frame of the new segment; nil if there are none.
    var recoveryBody: [UInt8]?
    let unused: ReclaimableSpace
}
