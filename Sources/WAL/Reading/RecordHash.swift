/// The SHA-256 of records: of their sequence numbers, times and payloads, in order (FORMAT.md, "The hash of records").
///
/// Two logs with the same hash have the same records. Segments, batches, compression and log identifiers don't matter.
public struct RecordHash: Sendable {
    private static let pieceSize = 64 << 10

    private var hash = SHA256()
    /// Bytes that aren't hashed yet. Large pieces are faster than the parts of single records.
    private var pending: [UInt8] = []

    /// The number of records.
    public private(set) var recordCount = 0
    /// The first and the last record. Nil without records.
    public private(set) var sequences: ClosedRange<SequenceNumber>?

    /// Makes the hash of no records.
    public init() {}

    /// Adds the next record.
    public mutating func add(_ record: borrowing RecordView) {
        pending.add(record.sequence.rawValue)
        pending.add(record.time.rawValue)
        pending.add(UInt64(record.payload.byteCount))
        unsafe record.payload.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
        if pending.count >= Self.pieceSize {
            hash.add(pending)
            pending.removeAll(keepingCapacity: true)
        }
        recordCount += 1
        // The numbers of a log's records rise.
        sequences = (sequences?.lowerBound ?? record.sequence)...record.sequence
    }

    /// The hash of the records so far, as 64 hexadecimal digits.
    public var hexadecimalDigest: String {
        var hash = hash
        hash.add(pending)
        return hash.hexadecimalDigest()
    }
}
