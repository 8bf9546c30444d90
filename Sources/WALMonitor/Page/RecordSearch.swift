internal import WAL

/// A search in the records of a log. It has limits, and reports the limit that ended it.
struct RecordSearch: Sendable {
    /// The beginning and the direction of a search.
    enum Start: Sendable {
        /// From the newest record before a number, or from the newest record of the log, to older records.
        case before(SequenceNumber?)
        /// From a number to newer records.
        case from(SequenceNumber)
        /// From a time to newer records.
        case since(Timestamp)
    }

    /// The reason why a search ended.
    enum Stop: String {
        /// There are no more records in this direction.
        case end
        /// The search has found the requested number of rows.
        case limit
        /// The search has read 100,000 records.
        case window
        /// The search has read 64 MiB.
        case bytes
        /// The search has taken 250 ms.
        case time
    }

    struct Result: Sendable {
        var rows: [[UInt8]] = []
        var scanned: UInt64 = 0
        var stopped = Stop.end
        /// The number at which the search continues; nil at the end. It is the first number to read. In a search for
        /// older records, it is the number before which the next search begins.
        var next: SequenceNumber?
    }

    static let rowsMax = 500
    static let windowMax: UInt64 = 100_000
    private static let bytesMax = 64 << 20
    static let timeMax: Duration = .milliseconds(250)
    /// The largest number of records in a piece of a search for older records.
    private static let pieceMax: UInt64 = 8192

    var start = Start.before(nil)
    var kinds: Set<RecordRow.Kind> = Set(RecordRow.Kind.allCases)
    /// The fields that must have exactly these values.
    var fields: [String: String] = [:]
    /// A text that a field or the payload must contain in the form that is shown.
    var contains: String?
    var limit = 100

    func accepts(_ row: RecordRow) -> Bool {
        guard kinds.contains(row.kind) else { return false }
        for (name, value) in fields where row[name] != value { return false }
        guard let contains else { return true }
        return row.fields.contains { $0.value.contains(contains) } || row.payload?.contains(contains) ?? false
    }

    func run(_ log: ReadOnlyLog, _ decoder: RowDecoder) throws(WALError) -> Result {
        var decoder = decoder
        if limit == 1 { decoder.payloadMax = RowDecoder.singleMax }
        switch start {
        case .before(let end): return try older(log, before: end, decoder)
        case .from(let sequence): return try newer(log.reader(from: sequence), decoder)
        case .since(let time): return try newer(log.reader(since: time), decoder)
        }
    }

    /// The limits of one search.
    private struct Budget {
        private let due = ContinuousClock.now + timeMax
        private(set) var bytes = 0
        private(set) var records: UInt64 = 0

        mutating func spend(_ size: Int) {
            bytes += size
            records += 1
        }

        var exhausted: Stop? {
            if records >= windowMax { return .window }
            if bytes >= bytesMax { return .bytes }
            return records % 64 == 0 && ContinuousClock.now >= due ? .time : nil
        }
    }

    private enum Found {
        case row([UInt8], SequenceNumber)
        case other
        case gap
    }

    private func take(_ reader: LogReader, _ decoder: RowDecoder, _ budget: inout Budget) throws(WALError) -> Found? {
        var size = 0
        let found = try reader.next(
            { record -> Found in
                size = record.payload.byteCount
                let row = decoder.row(record)
                return accepts(row) ? .row(row.json, record.sequence) : .other
            }, gap: { _ in .gap })
        if found != nil { budget.spend(size) }
        return found
    }

    private func newer(_ reader: LogReader, _ decoder: RowDecoder) throws(WALError) -> Result {
        var result = Result()
        var budget = Budget()
        while let found = try take(reader, decoder, &budget) {
            if case .row(let row, _) = found { result.rows.append(row) }
            guard let stop = result.rows.count >= limit ? .limit : budget.exhausted else { continue }
            result.stopped = stop
            result.next = reader.nextSequence
            break
        }
        result.scanned = budget.records
        return result
    }

    /// Reads pieces of the log from the newest to the oldest. Within a piece, it reads in the order of the log.
    private func older(_ log: ReadOnlyLog, before end: SequenceNumber?, _ decoder: RowDecoder) throws(WALError)
        -> Result
    {
        var result = Result()
        var budget = Budget()
        let first = try log.firstSequence.rawValue
        var end = try min(end?.rawValue ?? .max, log.lastSequence.rawValue + 1)
        let newest = end
        // In a segment without an index, a reader that seeks remembers the offsets of frames. So one reader serves all
        // pieces.
        let reader = log.reader(from: SequenceNumber(rawValue: end))
        // Without conditions, the first piece has all rows. With conditions, larger pieces need fewer seeks.
        var size = UInt64(limit)
        while end > first {
            let start = max(first, end - min(end, size))
            reader.seek(to: SequenceNumber(rawValue: start))
            let (before, wanted) = (budget, limit - result.rows.count)
            var gapCount: UInt64 = 0
            var matches: [(row: [UInt8], sequence: UInt64)] = []
            var wasExhausted: Stop?
            var isCutOff = false
            while reader.nextSequence.rawValue < end {
                guard let found = try take(reader, decoder, &budget) else { break }
                switch found {
                case .row(let row, let sequence) where sequence.rawValue < end:
                    // Only the last matches are returned. The other matches must not fill the memory.
                    if matches.count >= 2 * wanted { matches.removeFirst(wanted) }
                    matches.append((row, sequence.rawValue))
                case .gap: gapCount += 1
                default: break
                }
                // A piece counts only after it is read to its end, because its newest rows are at its end.
                wasExhausted = wasExhausted ?? budget.exhausted
                isCutOff = wasExhausted != nil && end - start > 1 && reader.nextSequence.rawValue < end
                if isCutOff { break }
            }
            if isCutOff, let wasExhausted {
                guard end == newest else {
                    result.stopped = wasExhausted
                    result.next = SequenceNumber(rawValue: end)
                    return result
                }
                // Records may be large or slow to read. The first piece must be small enough for the search to make
                // progress.
                size = max(1, (min(reader.nextSequence.rawValue, end) - start) / 4)
                budget = Budget()
                continue
            }
            for match in matches.reversed() {
                result.rows.append(match.row)
                guard result.rows.count >= limit else { continue }
                // The next search reads the older part of the piece again.
                result.scanned += end - match.sequence
                result.stopped = .limit
                result.next = match.sequence > first ? SequenceNumber(rawValue: match.sequence) : nil
                return result
            }
            result.scanned += end - start
            end = start
            let recordCount = budget.records - before.records - gapCount
            if recordCount == 0 {
                end = max(first, try log.segments.end(before: end))
            } else {
                // If the next records have the same size, the next piece takes at most a quarter of the bytes of a
                // search.
                let recordSize = UInt64(budget.bytes - before.bytes) / recordCount
                size = min(4 * size, Self.pieceMax, max(1, UInt64(Self.bytesMax / 4) / max(1, recordSize)))
            }
            if let wasExhausted, end > first {
                result.stopped = wasExhausted
                result.next = SequenceNumber(rawValue: end)
                return result
            }
        }
        return result
    }
}
