/// The counts of the lines that an ingest has read.
struct IngestCounts: Hashable, Sendable {
    /// The number of lines that earlier runs ingested.
    var linesBefore: UInt64 = 0
    /// The number of lines of this run, including blank and bad lines.
    var lines: UInt64 = 0
    var tasks: UInt64 = 0
    var activities: UInt64 = 0
    /// The number of status updates and deletions.
    var others: UInt64 = 0
    var badLines: UInt64 = 0

    var records: UInt64 { tasks + activities + others }
}
