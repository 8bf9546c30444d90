public import WAL

/// A reader of the dead letters that are kept beside a log. It returns each letter once, in the order in which they were
/// set aside, without those that were redriven or discarded. It needs no lock, so it works concurrently with a flusher.
public struct DeadLetterReader {
    private let reader: LogReader?
    private var seen: Set<DeadLetterRecord.Identity> = []
    /// The place of each letter's last removal.
    private var removed: [DeadLetterRecord.Identity: SequenceNumber] = [:]
    /// The place of the last returned letter in the dead-letter log.
    package private(set) var place: SequenceNumber = .zero
    /// Whether a letter that was returned has been removed since.
    package private(set) var isOutdated = false

    /// Whether the log has dead letters, or had some.
    package var hasLog: Bool { reader != nil }

    /// Opens the dead letters of the log in a directory, and reads their removals. A log without dead letters reads as
    /// empty.
    ///
    /// - Throws: The codes of reading a log.
    public init(logDirectory: String) throws(WALError) {
        let directory = DeadLetterFile.path(in: logDirectory)
        if try ifExists({ () throws(WALError) in try Directory(path: directory) }) == nil {
            reader = nil
            return
        }
        let log: ReadOnlyLog
        do throws(WALError) {
            log = try ReadOnlyLog(at: directory)
        } catch {
            // The directory is created before its first segment, and a full disk may have refused the segment.
            guard error.code == .notALogDirectory else { throw error }
            reader = nil
            return
        }
        reader = log.reader()
        let scan = log.reader()
        // `next` reports damage.
        while let entry = try scan.nextEntry() {
            guard case .record(let record) = entry, let letter = DeadLetterRecord.removed(by: record.payload)
            else { continue }
            removed[letter] = record.sequence
        }
    }

    /// Returns the next dead letter, or nil if there is none yet.
    ///
    /// - Throws:
    ///   - the codes of reading a log
    ///   - `corrupted` if a record isn't a dead letter of a known version
    public mutating func next() throws(WALError) -> DeadLetterRecord? {
        while let record = try reader?.next() {
            if let letter = DeadLetterRecord.removed(by: record.payload) {
                removed[letter] = max(removed[letter] ?? .zero, record.sequence)
                // The record may be set aside once more.
                if seen.remove(letter) != nil { isOutdated = true }
                continue
            }
            guard let letter = DeadLetterRecord(encoded: record.payload) else {
                throw WALError(
                    .corrupted,
                    "Record \(record.sequence) of the dead-letter log isn't a dead letter of a known version.")
            }
            guard removed[letter.identity] ?? .zero < record.sequence, seen.insert(letter.identity).inserted else {
                continue
            }
            place = record.sequence
            return letter
        }
        return nil
    }
}
