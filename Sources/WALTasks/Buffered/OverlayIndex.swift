internal import Synchronization
internal import WAL

/// An index of the mutations of each task in the part of the log that memory doesn't hold. A lookup doesn't read that
/// part.
///
/// The newest places are in memory. Each 2^16 places are sorted into a file, and files of similar size are merged, so
/// that there are few. If the disk has no space for a file, its part of the log must be searched.
///
/// One thread adds to it. Any thread may look places up.
final class OverlayIndex: Sendable {
    /// The result of a lookup.
    struct Answer {
        /// In the order of the log.
        var places: [OverlayPlace] = []
        /// The ranges that it doesn't know.
        var gaps: [ClosedRange<UInt64>] = []
    }

    private struct Part {
        var range: ClosedRange<UInt64>
        /// The places. Nil if the disk had no space for them.
        var run: OverlayRun?
    }

    private struct Contents {
        /// In the order of the log.
        var parts: [Part] = []
        /// The places after the parts, unsorted.
        var recent: [UInt64] = []
        var recentBase: UInt64
        /// The sequence number up to which places may be missing, because their mutations were applied.
        var start: UInt64
        /// The last sequence number that is known.
        var end: UInt64
    }

    private static let recentMax = 1 << 16
    /// Larger runs aren't merged, because they would hold their disk space long after most of it was delivered.
    private static let mergedMax = 1 << 24

    private let directory: String
    private let contents: Monitor<Contents>
    private let endNumber: Atomic<UInt64>

    /// Makes an index that begins after `end`. Earlier mutations aren't wanted.
    init(directory: String, after end: UInt64) {
        self.directory = directory
        contents = Monitor(Contents(recentBase: end + 1, start: end, end: end))
        endNumber = Atomic(end)
    }

    /// The last sequence number that was added, or that needs no place because it is applied.
    var end: UInt64 { endNumber.load(ordering: .acquiring) }

    /// The number of files, and of ranges outside of any file, for tests.
    var partCounts: (runs: Int, gaps: Int) {
        contents.withLock { contents in
            let gaps = contents.parts.count { $0.run == nil }
            return (contents.parts.count - gaps, gaps)
        }
    }

    // MARK: Adding

    /// Adds the places of a stretch that ends at `end`, in the order of the log. It must be shorter than
    /// `OverlayKey.spanMax`.
    func add(_ places: [(hash: UInt32, place: OverlayPlace)], through end: UInt64) {
        let first = places.first?.place.sequence ?? end
        let (base, count) = contents.withLock { ($0.recentBase, $0.recent.count) }
        if count + places.count > Self.recentMax || end - base >= OverlayKey.spanMax { sealRecent() }
        contents.withLock { contents in
            if contents.recent.isEmpty { contents.recentBase = first }
            let base = contents.recentBase
            contents.recent += places.map {
                OverlayKey(hash: $0.hash, offset: $0.place.sequence - base, kind: $0.place.kind).rawValue
            }
            contents.end = max(contents.end, end)
        }
        endNumber.max(end, ordering: .releasing)
    }

    /// Removes the places of applied mutations. An index that ends before `applied` continues after it.
    func release(through applied: UInt64) {
        let end = contents.withLock { contents in
            contents.start = max(contents.start, applied)
            let kept = contents.parts.drop { $0.range.upperBound <= applied }
            if kept.count < contents.parts.count { contents.parts = Array(kept) }
            if contents.end <= applied {
                contents.recent = []
                contents.end = applied
            }
            return contents.end
        }
        endNumber.max(end, ordering: .releasing)
    }

    private func sealRecent() {
        let (keys, base, end) = contents.withLock { ($0.recent, $0.recentBase, $0.end) }
        guard !keys.isEmpty else { return }
        let run = try? OverlayRun.sorting(keys, base: base, end: end, in: directory)
        contents.withLock { contents in
            if run == nil, let last = contents.parts.last, last.run == nil {
                contents.parts[contents.parts.count - 1].range = last.range.lowerBound...end
            } else {
                contents.parts.append(Part(range: base...end, run: run))
            }
            contents.recent = []
        }
        mergeLast()
    }

    private func mergeLast() {
        while true {
            let parts = contents.withLock { $0.parts.suffix(2) }
            guard parts.count == 2, let left = parts.first?.run, let right = parts.last?.run,
                left.count <= 2 * right.count, left.count + right.count <= Self.mergedMax,
                right.end - left.base < OverlayKey.spanMax,
                // If there is no space for the merged run, the two remain.
                let merged = try? OverlayRun.merging(left, right, in: directory)
            else { return }
            contents.withLock { contents in
                // The first run may have been released meanwhile.
                guard contents.parts.count >= 2, contents.parts[contents.parts.count - 2].run === left else { return }
                contents.parts.removeLast(2)
                contents.parts.append(Part(range: left.base...right.end, run: merged))
            }
        }
    }

    // MARK: Lookup

    /// Returns the places of a hash after `lower`, up to and including `upper`.
    func places(of hash: UInt32, after lower: UInt64, through upper: UInt64) -> Answer {
        var answer = Answer()
        guard lower < upper else { return answer }
        let (parts, recent, base, start, end) = contents.withLock {
            ($0.parts, $0.recent, $0.recentBase, $0.start, $0.end)
        }
        func add(_ place: OverlayPlace) {
            if place.sequence > lower, place.sequence <= upper { answer.places.append(place) }
        }
        func addGap(_ range: ClosedRange<UInt64>) {
            let (first, last) = (max(range.lowerBound, lower + 1), min(range.upperBound, upper))
            if first <= last { answer.gaps.append(first...last) }
        }
        // The store has lost changes that it had confirmed.
        if lower < start { addGap(lower + 1...start) }
        for part in parts where part.range.upperBound > lower {
            if let places = try? part.run?.places(of: hash) {
                for place in places { add(place) }
            } else {
                addGap(part.range)
            }
        }
        for key in recent where key >> 32 == UInt64(hash) {
            let key = OverlayKey(rawValue: key)
            add(OverlayPlace(sequence: base + key.offset, kind: key.kind))
        }
        if end < upper { addGap(end + 1...upper) }
        return answer
    }
}
