internal import WAL

/// A search that reads mutations back from the log. It blocks, so don't call it on threads of the cooperative pool.
struct OverlaySearch: Sendable {
    /// The distance up to which the reader continues instead of seeking.
    private static let distanceMax: UInt64 = 1024
    /// The longest wait for records whose callers, or those of an earlier record, are still appending.
    private static let patience: Duration = .seconds(10)

    let log: WriteAheadLog

    /// Passes the records of a range to `body` in order. Returns the last sequence number reached. That is the end of
    /// the range, unless records there stay unfinished for long. Records that retention removed are left out. The store
    /// has them, but may not have had them when earlier rows were read (``TaskOverlay/lacksRecords(of:)``).
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
                // The flusher reports the gap.
                true
            }
            if let isInside {
                guard isInside else { return range.upperBound }
                deadline = nil
            } else {
                let now = ContinuousClock.now
                guard now < deadline ?? now + Self.patience else { return reader.nextSequence.rawValue - 1 }
                deadline = deadline ?? now + Self.patience
                NamedThread.sleep(.microseconds(100))
            }
        }
        return range.upperBound
    }

    /// Passes single records to `body`. Their sequence numbers must ascend.
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
    /// Returns the kind of an encoded mutation and the range of its task's id, for an index. The range is nil if the
    /// mutation has no task id. The result is nil if the bytes clearly aren't a mutation.
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
