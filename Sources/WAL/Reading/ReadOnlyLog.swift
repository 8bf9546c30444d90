/// Reads a log beside its writer, from the same or another process. Takes no lock and changes nothing.
///
/// It sees what was written up to the moment of each call; segments that retention removes meanwhile are a gap for its readers.
public final class ReadOnlyLog: Sendable {
    private let source: DirectorySource

    /// The log's directory.
    public let directory: String
    /// What tells this log from others.
    public let id: LogID

    /// Opens the log in a directory for reading.
    ///
    /// Throws `notALogDirectory`, `versionTooNew`, `inputOutput`, and `corrupted` where no segment has a header that can be read.
    public init(at directory: String) throws(WALError) {
        self.directory = directory
        source = try DirectorySource(Directory(path: directory))
        guard let logID = source.logID, try !source.headers().isEmpty else {
            if try source.hasUnreadableHeader {
                throw WALError(
                    .corrupted,
                    "\(directory) has segments, and none has a header that can be read. Opening the log sets them aside."
                )
            }
            throw WALError.noLog(at: directory)
        }
        id = logID
    }

    /// The first record that is there, or the number that the first one will have.
    public var firstSequence: SequenceNumber {
        get throws(WALError) {
            SequenceNumber(rawValue: try source.headers().first?.header.baseSequence ?? 1)
        }
    }

    /// The segments, the oldest first. Throws `inputOutput`.
    public var segments: [SegmentInfo] {
        get throws(WALError) { try source.segmentInfo() }
    }

    /// The last record that each consumer has done with. Reads the newest segments.
    public var cursors: [String: SequenceNumber] {
        get throws(WALError) { try source.markers().cursors.mapValues(SequenceNumber.init(rawValue:)) }
    }

    /// What producers have left with their records, by name. Reads the newest segments.
    public var bookmarks: [String: Bookmark] {
        get throws(WALError) { try source.markers().bookmarks }
    }

    /// The last record that is durable by what the files say: each frame tells how far the log was when it was written, so the
    /// writer may know of more. Reads the unsealed segments.
    public var durableSequence: SequenceNumber {
        get throws(WALError) { SequenceNumber(rawValue: try source.durableSequence()) }
    }

    /// What the last opening that found anything had found, as far as its segment is still there.
    public var lastRecovery: (findings: [RecoveryReport.Finding], count: Int)? {
        get throws(WALError) { try source.lastRecovery() }
    }

    /// A reader that starts with this record; without a number with the first that is there.
    ///
    /// Records that were removed from this number on are its first gap.
    public func reader(from sequence: SequenceNumber? = nil) -> LogReader {
        LogReader(source, from: sequence?.rawValue, visibility: .written)
    }

    /// A reader that starts with the first record of this time or later.
    public func reader(since time: Timestamp) -> LogReader {
        LogReader(source, since: time.rawValue, visibility: .written)
    }

    /// The entries from this record on, or the first that is there, for ever: waits at the end.
    public func entries(from sequence: SequenceNumber? = nil) -> LogEntries {
        LogEntries { [source] in LogReader(source, from: sequence?.rawValue, visibility: .written) }
    }

    /// The records from this one on, or the first that is there, for ever: waits at the end.
    public func records(from sequence: SequenceNumber? = nil) -> LogRecords {
        LogRecords { [source] in LogReader(source, from: sequence?.rawValue, visibility: .written) }
    }
}
