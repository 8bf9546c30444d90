public import WAL

/// A reader of the dead letters of a log. It returns each letter once, in the order in which they were set aside. It
/// needs no lock, so it works concurrently with a flusher.
public struct DeadLetterReader {
    private struct Identity: Hashable {
        var sink: String
        var sequence: SequenceNumber
    }

    private let reader: LogReader?
    private var seen: Set<Identity> = []

    /// Opens the dead letters of the log in a directory. A log without dead letters reads as empty.
    public init(logDirectory: String) throws(WALError) {
        let directory = DeadLetterLog.path(in: logDirectory)
        do throws(WALError) {
            _ = try Directory(path: directory)
        } catch {
            guard error.isNoSuchFile else { throw error }
            reader = nil
            return
        }
        do throws(WALError) {
            reader = try ReadOnlyLog(at: directory).reader()
        } catch {
            // The directory is created before its first segment, and a full disk may have refused the segment.
            guard error.code == .notALogDirectory else { throw error }
            reader = nil
        }
    }

    /// Returns the next dead letter, or nil if there is none yet.
    ///
    /// - Throws:
    ///   - the codes of reading a log
    ///   - `corrupted` if a record isn't a dead letter of a known version
    public mutating func next() throws(WALError) -> DeadLetterRecord? {
        while let record = try reader?.next() {
            guard let letter = DeadLetterRecord(encoded: record.payload) else {
                throw WALError(
                    .corrupted,
                    "Record \(record.sequence) of the dead-letter log isn't a dead letter of a known version.")
            }
            if seen.insert(Identity(sink: letter.sink, sequence: letter.sequence)).inserted { return letter }
        }
        return nil
    }
}
