/// The counts of the lines that an ingest has read.
struct IngestCounts: Hashable, Sendable {
    /// Lines that earlier runs ingested.
    var linesBefore: UInt64 = 0
    /// Lines of this run, including blank and bad ones.
    var lines: UInt64 = 0
    var tasks: UInt64 = 0
    var activities: UInt64 = 0
    /// Status updates and deletions.
    var others: UInt64 = 0
    var badLines: UInt64 = 0

    var records: UInt64 { tasks + activities + others }
}
