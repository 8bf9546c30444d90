public import WAL

/// What is in a log, as a reader finds it.
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

    /// In the order of reading.
    public var records: [Record]
    /// Nil where they aren't known.
    public var cursors: [String: UInt64]?
    /// What opening has found.
    public var findings: [RecoveryReport.Finding]

    /// Makes contents that were found in another way.
    public init(records: [Record], cursors: [String: UInt64]? = nil, findings: [RecoveryReport.Finding] = []) {
        self.records = records
        self.cursors = cursors
        self.findings = findings
    }

    /// Reads all of a log that was just opened, on the calling thread.
    ///
    /// - Throws: What a reader of the log throws.
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
