/// A log opened for reading only, while a writer in this or another process may run.
///
/// It takes no lock, and changes nothing but the files of its consumers and, while it waits, a flag. Each call sees
/// everything that was written before it. If retention removes segments meanwhile, its readers report a gap.
///
/// A reader with the visibility ``ReadVisibility/durable`` returns the records that the files prove to be durable: each
/// frame states the durable position at the time when it was written. So the reader returns a record once a newer frame
/// states a position past it. In an idle log, that frame is a mark that the writer appends about 100 ms after a sync. A
/// reader that waits gets the durable position from the writer right after the sync. After the death of the writer, its
/// last records may have no such frame. The next opening syncs them, and writes one.
public final class ReadOnlyLog: Sendable {
    let source: DirectorySource

    /// The log's directory.
    public let directory: String
    /// The log's identifier.
    public let id: LogID

    /// Opens the log in a directory for reading.
    ///
    /// - Throws:
    ///   - ``WALError/Code/notALogDirectory`` if the directory doesn't exist or contains no log.
    ///   - ``WALError/Code/corrupted`` if no segment has a readable header.
    ///   - ``WALError/Code/versionTooNew`` if a newer version wrote the log.
    ///   - ``WALError/Code/inputOutput`` if a file can't be read.
    public init(at directory: String) throws(WALError) {
        self.directory = directory
        do throws(WALError) {
            source = try DirectorySource(Directory(path: directory))
        } catch {
            guard error.isNoSuchFile else { throw error }
            throw WALError(
                .notALogDirectory,
                "The directory \(directory) doesn't exist. Name the directory of a log, or start the program that writes it.",
                errno: error.errno)
        }
        guard let logID = source.logID, try !source.headers().isEmpty else {
            if try source.allExamined().contains(where: { $0.header == nil }) {
                throw WALError(
                    .corrupted,
                    "\(directory) contains segments, but none has a readable header. Opening the log sets them aside."
                )
            }
            throw WALError.noLog(at: directory)
        }
        id = logID
    }

    /// The log that the records come from, if this one is a replica that wasn't promoted. Throws ``WALError/Code/inputOutput``.
    public var replicatedLog: LogID? {
        get throws(WALError) { try source.headers().last?.source }
    }

    /// The first record that is still in the log, or the number that the first record will have. Throws
    /// ``WALError/Code/inputOutput``.
    public var firstSequence: SequenceNumber {
        get throws(WALError) {
            SequenceNumber(rawValue: try source.headers().first?.baseSequence ?? 1)
        }
    }

    /// The segments, oldest first. Throws ``WALError/Code/inputOutput``.
    public var segments: [SegmentInfo] {
        get throws(WALError) { try source.segmentInfo() }
    }

    /// The last record that each consumer has processed, by the name of its cursor. Reads the newest segments. Throws
    /// ``WALError/Code/inputOutput``.
    public var cursors: [String: SequenceNumber] {
        get throws(WALError) { try LogSurvey(source).markers.cursors.mapValues(SequenceNumber.init(rawValue:)) }
    }

    /// The producers' bookmarks, by name. Reads the newest segments. Throws ``WALError/Code/inputOutput``.
    public var bookmarks: [String: Bookmark] {
        get throws(WALError) { try LogSurvey(source).markers.bookmarks }
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
        get throws(WALError) { try LogSurvey(source).statistics }
    }

    /// The figures of a log, from its files.
    public struct Statistics: Hashable, Sendable {
        /// The first record that is still in the log, or the number that the first record will have.
        public var firstSequence: SequenceNumber
        /// The last record that was written.
        public var lastSequence: SequenceNumber
        /// The size of all segment files in bytes, including prepared ones.
        public var diskBytes: Int
        /// The number of segments, without prepared ones.
        public var segmentCount: Int
        /// A counter that increases whenever recovery discards data or sequence numbers are skipped.
        public var epoch: UInt64
    }

    /// The last record that the files prove to be durable. Reads the unsealed segments.
    ///
    /// Each frame states the durable position at the time when it was written, so the writer may know of more durable
    /// records.
    ///
    /// - Throws: ``WALError/Code/inputOutput`` if a file can't be read.
    public var durableSequence: SequenceNumber {
        get throws(WALError) { SequenceNumber(rawValue: try source.durableSequence()) }
    }

    /// The state that the writer published last, as JSON (FORMAT.md, "Status of a writer"); nil if no writer has published one.
    ///
    /// - Throws: ``WALError/Code/inputOutput``; ``WALError/Code/untrusted``.
    public var publishedStatus: [UInt8]? {
        get throws(WALError) { try StatusFile.text(in: source.directory) }
    }

    /// The identity of the log's directory. A directory that was put in its place has another.
    package var identity: FileIdentity { source.directory.place.identity }

    /// The present storage of the log. The published status has the storage at the time when the writer opened the log.
    package var storage: StorageInfo { StorageInfo(of: source.directory) }

    /// The findings of the last opening that found anything, if the segment that it began is still in the log. Throws
    /// ``WALError/Code/inputOutput``.
    public var lastRecovery: (findings: [RecoveryReport.Finding], count: Int)? {
        get throws(WALError) { try source.lastRecovery() }
    }
}

extension ReadOnlyLog {
    /// Returns a reader that starts with a record, or with the first one that is still in the log.
    ///
    /// If records from this number on were removed, they are the reader's first gap.
    ///
    /// - Parameters:
    ///   - sequence: The first record. Without it, the first record that is still in the log.
    ///   - visibility: Whether to return records before the files prove them durable; see ``ReadOnlyLog``.
    public func reader(from sequence: SequenceNumber? = nil, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(source, at: .from(sequence), visibility: visibility)
    }

    /// Returns a reader that starts with the first record of this time or later.
    public func reader(since time: Timestamp, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(source, at: .time(time.rawValue), visibility: visibility)
    }

    /// Returns the entries from a record on: records, and gaps in place of missing records.
    ///
    /// - Parameters:
    ///   - sequence: The first record. Without it, the first record that is still in the log.
    ///   - last: The last record, after which the sequence ends. Without it, the sequence waits at the end of the log.
    ///   - visibility: Whether to return records before the files prove them durable; see ``ReadOnlyLog``.
    public func entries(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil, visibility: ReadVisibility = .written
    ) -> LogEntries {
        LogEntries(range: LogRange(source: source, start: .from(sequence), visibility: visibility, last: last))
    }

    /// Returns the entries from a time on: records, and gaps in place of missing records.
    ///
    /// - Parameters:
    ///   - time: The sequence starts with the first record of this time or later.
    ///   - end: The sequence ends before the first record that is later than this. Without it, the sequence waits at the
    ///     end of the log.
    ///   - visibility: Whether to return records before the files prove them durable; see ``ReadOnlyLog``.
    public func entries(
        since time: Timestamp, until end: Timestamp? = nil, visibility: ReadVisibility = .written
    ) -> LogEntries {
        LogEntries(range: LogRange(source: source, start: .time(time.rawValue), visibility: visibility, end: end))
    }

    /// Returns the records from a record on. Throws at a gap that may be a loss; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - sequence: The first record. Without it, the first record that is still in the log.
    ///   - last: The last record, after which the sequence ends. Without it, the sequence waits at the end of the log.
    ///   - visibility: Whether to return records before the files prove them durable; see ``ReadOnlyLog``.
    public func records(
        from sequence: SequenceNumber? = nil, through last: SequenceNumber? = nil, visibility: ReadVisibility = .written
    ) -> LogRecords {
        LogRecords(range: LogRange(source: source, start: .from(sequence), visibility: visibility, last: last))
    }

    /// Returns the records from a time on. Throws at a gap that may be a loss; see ``LogRecords``.
    ///
    /// - Parameters:
    ///   - time: The sequence starts with the first record of this time or later.
    ///   - end: The sequence ends before the first record that is later than this. Without it, the sequence waits at the
    ///     end of the log.
    ///   - visibility: Whether to return records before the files prove them durable; see ``ReadOnlyLog``.
    public func records(
        since time: Timestamp, until end: Timestamp? = nil, visibility: ReadVisibility = .written
    ) -> LogRecords {
        LogRecords(range: LogRange(source: source, start: .time(time.rawValue), visibility: visibility, end: end))
    }
}
