/// A change that opening makes to the files of a log because of a finding.
///
/// ``RecoveryReport/steps`` lists them in the order in which opening makes them.
public struct RecoveryStep: Hashable, Sendable {
    /// The kind of a change.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        /// Moves the file to the folder `damaged`. It is no longer part of the log.
        case setAside
        /// Copies the valid frames to a new file, with marks in place of lost records, and keeps the old file in the
        /// folder `damaged`.
        case rewrite
        /// Creates a segment that only states which records are missing.
        case placeholder
        /// Fills a place that was claimed and never committed, so that readers skip it.
        case fillClaim
        /// Writes the footer, and cuts the file after it.
        case seal
        /// Cuts the file after its footer.
        case cut
        /// Removes a file without records.
        case remove
        /// Writes the findings into the log, in the first frame of the next segment.
        case record
    }

    /// The kind of the change.
    public var action: Action
    /// The segment's number.
    public var segment: UInt64
    /// The offset in the segment's file at which the change begins, or 0 for the whole file. It is the first damaged
    /// place, or the end of the valid frames.
    public var offset: Int
    /// The reason, as a clause.
    public var reason: String
}
