internal import WAL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Reads mutations back from the log. Blocking: not for threads of the cooperative pool.
struct OverlaySearch: Sendable {
    /// Places that are closer are reached by reading on.
    private static let distanceMax: UInt64 = 1024
    /// How long records are waited for whose callers are still appending them, or appending one before them.
    private static let patience: Duration = .seconds(10)

    let log: WriteAheadLog

    /// Hands over the records of a range, in order, and returns how far that went: to its end, unless records are appended there and
    /// stay unfinished for long. Those that retention removed are left out: the store has them.
    @discardableResult
    func scan(
        _ range: ClosedRange<UInt64>, _ body: (SequenceNumber, RawSpan) -> Void
    ) throws(WALError) -> UInt64 {
        let reader = log.reader(from: SequenceNumber(rawValue: range.lowerBound))
        var deadline: ContinuousClock.Instant?
        while reader.nextSequence.rawValue <= range.upperBound {
            let isInside = try reader.next { record in
                guard record.sequence.rawValue <= range.upperBound else { return false }
                body(record.sequence, record.payload)
                return true
            } gap: { _ in
                // The flusher tells of it.
                true
            }
            if let isInside {
                guard isInside else { return range.upperBound }
                deadline = nil
            } else {
                let now = ContinuousClock.now
                guard now < deadline ?? now + Self.patience else { return reader.nextSequence.rawValue - 1 }
                deadline = deadline ?? now + Self.patience
                usleep(100)
            }
        }
        return range.upperBound
    }

    /// Hands over single records, whose numbers rise.
    func read(_ sequences: [UInt64], _ body: (SequenceNumber, RawSpan) -> Void) throws(WALError) {
        var reader: LogReader?
        var reached: UInt64 = 0
        for sequence in sequences {
            if reader == nil || sequence < reached || sequence - reached > Self.distanceMax {
                reader = log.reader(from: SequenceNumber(rawValue: sequence))
                reached = sequence
            }
            while let current = reader, reached <= sequence {
                let found = try current.next { record in
                    if record.sequence.rawValue == sequence { body(record.sequence, record.payload) }
                    return record.sequence.rawValue
                } gap: { gap in
                    (gap.last ?? gap.first).rawValue
                }
                guard let found else { break }
                reached = found + 1
            }
        }
    }
}

extension TaskCodec {
    /// What an index has to know of an encoded mutation: its kind, and where its task's id lies; the latter is nil where it has none.
    /// Nil for bytes that are no mutation, as far as that can be seen at once.
    static func outline(of payload: RawSpan) -> (kind: OverlayKind, id: Range<Int>?)? {
        do throws(TaskCodecError) {
            var input = FieldInput(payload)
            guard try input.byte() == version, let kind = Kind(rawValue: try input.byte()) else { return nil }
            switch kind {
            case .deleteDAG, .removeTasks, .removeActivities: return (.update, nil)
            case .save: return try input.textRange().map { (.save, $0) }
            case .log: return try input.textRange().map { (.activity, $0) }
            case .updateStatus: return try input.textRange().map { (.update, $0) }
            case .delete: return try input.textRange().map { (.delete, $0) }
            }
        } catch {
            return nil
        }
    }
}
