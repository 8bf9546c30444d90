import WAL

/// The last numbers of a series.
struct LastNumbers {
    private let limit: Int
    /// The numbers as a ring. After the ring is full, its oldest number is at `count % limit`.
    private var numbers: [SequenceNumber] = []
    /// The number of numbers that were added.
    private(set) var count = 0

    init(_ limit: Int) { self.limit = limit }

    /// The oldest of the last `limit` numbers; nil if there is none.
    var first: SequenceNumber? { numbers.count < limit ? numbers.first : limit > 0 ? numbers[count % limit] : nil }

    mutating func add(_ number: SequenceNumber) {
        guard limit > 0 else { return }
        if numbers.count < limit { numbers.append(number) } else { numbers[count % limit] = number }
        count += 1
    }
}

extension LastNumbers {
    /// Returns the first of the last `limit` records of a log, or the log's first number if the log has fewer records.
    /// Numbers without a record don't count, so the search reads farther back as long as too few records are found.
    static func first(of limit: Int, in log: ReadOnlyLog, through last: SequenceNumber) throws(WALError)
        -> SequenceNumber
    {
        let first = try log.firstSequence
        guard limit > 0, last >= first else { return last.next }
        let available = last.rawValue - first.rawValue + 1
        var distance = min(UInt64(limit), available)
        let reader = log.reader(from: last)
        while true {
            reader.seek(to: SequenceNumber(rawValue: last.rawValue - distance + 1))
            var found = LastNumbers(limit)
            while reader.nextSequence <= last,
                let number = try reader.next({ Optional($0.sequence) }, gap: { _ in nil })
            {
                if let number { found.add(number) }
            }
            if found.count >= limit { return found.first ?? first }
            if distance == available { return first }
            distance = distance > available / 2 ? available : 2 * distance
        }
    }
}
