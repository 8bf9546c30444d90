/// Reads a log beside its writer, from the same or another process. Takes no lock and changes nothing.
///
/// It sees what was written up to the moment of each call; segments that retention removes meanwhile are a gap for its readers.
public final class ReadOnlyLog: Sendable {
    let source: DirectorySource

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

    /// The last record that was written. Reads the unsealed segments.
    ///
    /// - Throws: ``WALError/Code/inputOutput``.
    public var lastSequence: SequenceNumber {
        get throws(WALError) { try statistics.lastSequence }
    }

    /// The log's figures, from its files. Reads the unsealed segments.
    ///
    /// - Throws: ``WALError/Code/inputOutput``.
    public var statistics: Statistics {
        get throws(WALError) { try source.statistics() }
    }

    /// The figures of a log, from its files.
    public struct Statistics: Hashable, Sendable {
        /// The first record that is still there, or the number that the first one will have.
        public var firstSequence: SequenceNumber
        /// The last record that was written.
        public var lastSequence: SequenceNumber
        /// Bytes of all segment files, prepared ones included.
        public var diskBytes: Int
        /// Segments, without prepared ones.
        public var segmentCount: Int
        /// Increases whenever recovery discards data or sequence numbers are skipped.
        public var epoch: UInt64
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
}

extension ReadOnlyLog {
    /// Returns a reader that starts with a record; without a number, with the first that is still there.
    ///
    /// If records from this number on were removed, they are the reader's first gap.
    public func reader(from sequence: SequenceNumber? = nil) -> LogReader {
        LogReader(source, from: sequence?.rawValue, visibility: .written)
    }

    /// Returns a reader that starts with the first record of this time or later.
    public func reader(since time: Timestamp) -> LogReader {
        LogReader(source, since: time.rawValue, visibility: .written)
    }

    /// Returns the entries from a record on: records, and gaps where records are missing.
    ///
    /// - Parameters:
    ///   - sequence: The first record; without a number, the first that is still there.
    ///   - last: The last record, after which the sequence ends; without one it waits at the end of the log.
    public func entries(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil
    ) -> LogEntries {
        LogEntries(through: last) { [source] in LogReader(source, from: sequence?.rawValue, visibility: .written) }
    }

    /// Returns the entries from a time on: records, and gaps where records are missing.
    ///
    /// - Parameters:
    ///   - time: The time of the first record, or an earlier one.
    ///   - end: The sequence ends at the first record that is later; without one it waits at the end of the log.
    public func entries(
        since time: Timestamp, until end: Timestamp? = nil
    ) -> LogEntries {
        LogEntries(until: end) { [source] in LogReader(source, since: time.rawValue, visibility: .written) }
    }

    /// Returns the records from a record on. A gap with a loss throws; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - sequence: The first record; without a number, the first that is still there.
    ///   - last: The last record, after which the sequence ends; without one it waits at the end of the log.
    public func records(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil
    ) -> LogRecords {
        LogRecords(through: last) { [source] in LogReader(source, from: sequence?.rawValue, visibility: .written) }
    }

    /// Returns the records from a time on. A gap with a loss throws; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - time: The time of the first record, or an earlier one.
    ///   - end: The sequence ends at the first record that is later; without one it waits at the end of the log.
    public func records(
        since time: Timestamp, until end: Timestamp? = nil
    ) -> LogRecords {
        LogRecords(until: end) { [source] in LogReader(source, since: time.rawValue, visibility: .written) }
    }
}
