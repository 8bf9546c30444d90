/// One thing that opening does to the files of a log because of what it has found there.
///
/// ``RecoveryReport/steps`` has them in the order in which they are done.
public struct RecoveryStep: Hashable, Sendable {
    /// What is done.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        /// The file is kept in the folder `damaged`, and no longer a part of the log.
        case setAside
        /// What is whole is written to a new file, with marks where something is lost; the old file is kept in the folder `damaged`.
        case rewrite
        /// A segment is made that says no more than which records are missing.
        case placeholder
        /// A place that was claimed and never committed is filled, so that readers pass over it.
        case fillClaim
        /// The footer is written, and what was allocated behind it is cut off.
        case seal
        /// What was allocated behind the footer is cut off.
        case cut
        /// A file without records is removed.
        case remove
        /// The findings are written into the log, in the first frame of the segment that comes next.
        case record
    }

    /// What is done.
    public var action: Action
    /// The segment's number.
    public var segment: UInt64
    /// Where in the segment's file it is done: at the first place that isn't as it was written, or behind the last that is; 0
    /// where it is done to the whole file.
    public var offset: Int
    /// Why it is done, as a clause.
    public var reason: String
}
