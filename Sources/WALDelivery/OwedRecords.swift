public import WAL

/// Records that a sink treats as applied but never received, because their delivery was refused.
///
/// They arise in a copy of a log that accepts appends while its sink is unavailable. The original, or another copy,
/// has given the same sequence numbers to other records, and the sink has those. The log keeps each such range in a
/// cursor, which also prevents retention from removing the records. The range is owed until it is settled: replayed
/// or given up.
public struct OwedRecords: Hashable, Sendable {
    /// The name of the sink.
    public var sink: String
    /// The sequence numbers of the records.
    public var sequences: ClosedRange<SequenceNumber>
    /// A token that distinguishes this range from a range of the same numbers in another copy of the log, which holds
    /// other records.
    public var token: UInt64

    private static let prefix = "owed/"
    private static let markPrefix = "unasked/"

    /// Makes a new debt with a token of its own.
    init(sink: String, sequences: ClosedRange<SequenceNumber>) {
        self.sink = sink
        self.sequences = sequences
        token = UInt64.random(in: 0...UInt64.max)
    }

    /// Parses a cursor's name: `owed/SINK/FIRST-LAST-TOKEN`, with the token in hexadecimal. Returns nil for other
    /// cursors.
    init?(cursor name: String) {
        guard name.hasPrefix(Self.prefix), let slash = name.lastIndex(of: "/") else { return nil }
        let start = name.index(name.startIndex, offsetBy: Self.prefix.count)
        let parts = name[name.index(after: slash)...].split(separator: "-", omittingEmptySubsequences: false)
        guard start <= slash, parts.count == 3, let first = UInt64(parts[0]), let last = UInt64(parts[1]),
            let token = UInt64(parts[2], radix: 16), first <= last
        else { return nil }
        sink = String(name[start..<slash])
        sequences = SequenceNumber(rawValue: first)...SequenceNumber(rawValue: last)
        self.token = token
    }

    /// The name of the cursor that keeps the range.
    var cursor: String {
        "\(Self.prefix)\(sink)/\(sequences.lowerBound)-\(sequences.upperBound)-\(String(token, radix: 16))"
    }

    /// Returns the name of the cursor that marks the log's last record during contact with the sink. It exists while
    /// no flusher has asked the sink since.
    static func mark(of sink: String) -> String { markPrefix + sink }

    /// Returns the owed ranges among cursor names, in order.
    static func all(in cursors: some Sequence<String>) -> [OwedRecords] {
        cursors.compactMap { OwedRecords(cursor: $0) }.sorted {
            ($0.sink, $0.sequences.lowerBound, $0.sequences.upperBound, $0.token)
                < ($1.sink, $1.sequences.lowerBound, $1.sequences.upperBound, $1.token)
        }
    }
}

extension WriteAheadLog {
    /// The records that refused deliveries owe their sinks.
    public var owedRecords: [OwedRecords] { OwedRecords.all(in: cursors.keys) }

    /// Removes a debt, after its records were stored in the sink by other means or given up.
    ///
    /// - Throws: the codes of `WriteAheadLog.setCursor(_:to:)`.
    public func settle(_ owed: OwedRecords) throws(WALError) {
        try removeCursor(owed.cursor)
    }
}

extension ReadOnlyLog {
    /// The records that refused deliveries owe their sinks. Reads the newest segments. Throws `inputOutput`.
    public var owedRecords: [OwedRecords] {
        get throws(WALError) { OwedRecords.all(in: try cursors.keys) }
    }
}
