import Synchronization

/// The operations of several threads on a log, each with the moments of its call and its return.
///
/// A log is linearizable if all operations could have happened one after another with these results, each at a moment between its
/// call and its return. For a log, this can be decided without trying orders, because the sequence numbers are the order:
///
/// 1. An append that returned before another was called has the lower number, and each number is given once.
/// 2. A reader returns the appended records from the first existing one on, without a gap, and no record whose append was called
///    after the reader's return.
/// 3. It returns each record that was appended, with all before it, before the reader was called. A record becomes visible
///    only after all before it are appended.
/// 4. A record that was read once is visible to readers that are called later, unless it was removed.
/// 5. A record that was seen to be removed is never read again, and no other record is missing at the front.
struct OperationHistory {
    struct Moments {
        var call: UInt64
        var end: UInt64
    }

    struct Append {
        var moments: Moments
        var sequence: UInt64
        var payload: [UInt8]
    }

    /// One reader's pass from a sequence number to the end of the log.
    struct Read {
        var moments: Moments
        var start: UInt64
        var records: [(sequence: UInt64, payload: [UInt8])]
    }

    /// A removal of the records that consumers have passed, with the first number that existed afterwards. The log may remove more
    /// at any time after the call, but no record from `firstAtMost` on.
    struct Truncation {
        var moments: Moments
        var first: UInt64
        var firstAtMost: UInt64
    }

    var appends: [Append] = []
    var reads: [Read] = []
    var truncations: [Truncation] = []

    mutating func add(_ other: OperationHistory) {
        appends += other.appends
        reads += other.reads
        truncations += other.truncations
    }

    /// The results that no order explains; empty if the history is linearizable.
    var violations: [String] {
        let appends = appends.sorted { $0.sequence < $1.sequence }
        var found: [String] = []
        for (index, append) in appends.enumerated() where append.sequence != UInt64(index) + 1 {
            return ["the sequence numbers aren't 1 to \(appends.count): \(append.sequence) stands at \(index + 1)"]
        }
        // In reverse: the earliest return of any later append.
        var earliestEnd = UInt64.max
        for append in appends.reversed() {
            if append.moments.call > earliestEnd {
                found.append("\(append.sequence) was appended after a higher number was given")
            }
            earliestEnd = min(earliestEnd, append.moments.end)
        }
        // The moment at which each record and all before it had been appended.
        var wholeAt: [UInt64] = []
        for append in appends { wholeAt.append(max(wholeAt.last ?? 0, append.moments.end)) }
        for read in reads { found += violations(of: read, appends, wholeAt) }
        return found + violationsBetweenReads
    }

    private func violations(of read: Read, _ appends: [Append], _ wholeAt: [UInt64]) -> [String] {
        var found: [String] = []
        let whole = UInt64(wholeAt.partitionIndex { $0 >= read.moments.call })
        let removedBefore = truncations.filter { $0.moments.end < read.moments.call }.map(\.first).max() ?? 1
        let removedAtMost = truncations.filter { $0.moments.call < read.moments.end }.map(\.firstAtMost).max() ?? 1
        let first = read.records.first?.sequence
        if let first, first < max(read.start, removedBefore) { found.append("read \(first), which was removed") }
        if let first, first > max(read.start, removedAtMost) {
            found.append("read from \(first) on, not from \(read.start)")
        }
        for (index, record) in read.records.enumerated() {
            guard record.sequence == (first ?? 0) + UInt64(index), (1...UInt64(appends.count)).contains(record.sequence)
            else { return found + ["read \(record.sequence) out of order"] }
            let append = appends[Int(record.sequence) - 1]
            if append.payload != record.payload { found.append("read \(record.sequence) with another payload") }
            if append.moments.call > read.moments.end { found.append("read \(record.sequence) before it was appended") }
        }
        let last = read.records.last?.sequence ?? 0
        if max(read.start, removedAtMost) <= whole, last < whole {
            found.append("read up to \(last), though \(whole) had been appended, and all before it")
        }
        return found
    }

    private var violationsBetweenReads: [String] {
        // In the order of their calls, with the same reads in the order of their returns.
        let byEnd = reads.sorted { $0.moments.end < $1.moments.end }
        var done = 0
        var seen: UInt64 = 0
        var found: [String] = []
        for read in reads.sorted(by: { $0.moments.call < $1.moments.call }) {
            while done < byEnd.count, byEnd[done].moments.end < read.moments.call {
                seen = max(seen, byEnd[done].records.last?.sequence ?? 0)
                done += 1
            }
            if read.start <= seen, (read.records.last?.sequence ?? 0) < seen, !read.records.isEmpty {
                found.append("a later reader came to \(read.records.last?.sequence ?? 0), after \(seen) had been read")
            }
        }
        return found
    }
}

extension [UInt64] {
    /// The index of the first element of a sorted array for which the condition holds.
    fileprivate func partitionIndex(where isBehind: (UInt64) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// A clock whose moments have one order for all threads.
final class MomentClock: Sendable {
    private let next = Atomic<UInt64>(1)

    func now() -> UInt64 { next.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue }
}
