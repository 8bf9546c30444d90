/// What an ingest has read so far.
struct IngestCounts: Hashable, Sendable {
    /// Lines that an earlier run took in.
    var linesBefore: UInt64 = 0
    /// Lines of this run, blank and bad ones too.
    var lines: UInt64 = 0
    var tasks: UInt64 = 0
    var activities: UInt64 = 0
    /// Other changes: of a status, deletions.
    var others: UInt64 = 0
    var badLines: UInt64 = 0

    var records: UInt64 { tasks + activities + others }
}
