public import WAL

/// Reads the dead letters of a log, in the order in which they were set aside, each once. Needs no lock: works beside a flusher.
public struct DeadLetterReader {
    private struct Identity: Hashable {
        var sink: String
        var sequence: SequenceNumber
    }

    private let reader: LogReader?
    private var seen: Set<Identity> = []

    /// Opens the dead letters of the log in a directory. A log without any is read as an empty one.
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
            // The directory is made before its first segment, which a full disk may have refused.
            guard error.code == .notALogDirectory else { throw error }
            reader = nil
        }
    }

    /// The next dead letter, or nil when there is none, or none yet.
    ///
    /// Throws what reading a log throws, and `corrupted` for a record that isn't a dead letter.
    public mutating func next() throws(WALError) -> DeadLetterRecord? {
        while let record = try reader?.next() {
            guard let letter = DeadLetterRecord(encoded: record.payload) else {
                throw WALError(
                    .corrupted,
                    "record \(record.sequence) of the dead-letter log is not a dead letter of a known version")
            }
            if seen.insert(Identity(sink: letter.sink, sequence: letter.sequence)).inserted { return letter }
        }
        return nil
    }
}
