public import WAL

/// The contents of a log as a reader finds them.
public struct LogContents: Sendable {
    /// A record, without its time.
    public struct Record: Hashable, Sendable {
        /// The sequence number.
        public var sequence: UInt64
        /// The payload.
        public var payload: [UInt8]

        /// Makes a record. Each argument sets the property of the same name.
        public init(sequence: UInt64, payload: [UInt8]) {
            self.sequence = sequence
            self.payload = payload
        }
    }

    /// The records in the order in which a reader returns them.
    public var records: [Record]
    /// The position of each cursor, by the cursor's name; nil if the cursors aren't known.
    public var cursors: [String: UInt64]?
    /// The findings of the log's opening.
    public var findings: [RecoveryReport.Finding]

    /// Makes contents that your code has read. Each argument sets the property of the same name.
    public init(records: [Record], cursors: [String: UInt64]? = nil, findings: [RecoveryReport.Finding] = []) {
        self.records = records
        self.cursors = cursors
        self.findings = findings
    }

    /// Reads a whole log after its opening. Blocks while it reads.
    ///
    /// - Parameter log: The log, which was just opened.
    /// - Throws: The errors of `LogReader.nextEntry()`.
    public init(of log: WriteAheadLog) throws(WALError) {
        var records: [Record] = []
        let reader = log.reader()
        while let entry = try reader.nextEntry() {
            guard case .record(let record) = entry else { continue }
            records.append(Record(sequence: record.sequence.rawValue, payload: record.payload))
        }
        self.init(
            records: records, cursors: log.cursors.mapValues(\.rawValue), findings: log.recovery.findings)
    }
}
