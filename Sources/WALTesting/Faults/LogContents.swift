public import WAL

/// The contents of a log as a reader finds them.
public struct LogContents: Sendable {
    /// A record, without its time.
    public struct Record: Hashable, Sendable {
        public var sequence: UInt64
        public var payload: [UInt8]

        /// Makes a record.
        public init(sequence: UInt64, payload: [UInt8]) {
            self.sequence = sequence
            self.payload = payload
        }
    }

    /// The records in the order of reading.
    public var records: [Record]
    /// The cursors by name, or nil if they aren't known.
    public var cursors: [String: UInt64]?
    /// The findings of opening the log.
    public var findings: [RecoveryReport.Finding]

    /// Makes contents that were read by other means.
    public init(records: [Record], cursors: [String: UInt64]? = nil, findings: [RecoveryReport.Finding] = []) {
        self.records = records
        self.cursors = cursors
        self.findings = findings
    }

    /// Reads a whole log that was just opened, on the calling thread.
    ///
    /// - Throws: the codes of reading a log.
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
