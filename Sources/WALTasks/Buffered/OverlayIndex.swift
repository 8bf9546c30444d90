internal import Synchronization
internal import WAL

/// Finds the mutations of a task in the part of the log that memory doesn't hold, without reading that part.
///
/// What is found last is in memory; each 2^16 places are sorted into a file, and files of similar size are merged, so that there are
/// few. Where the disk has no room for one, its part of the log is left to be searched.
///
/// One thread adds to it; any may look.
final class OverlayIndex: Sendable {
    /// What a lookup found.
    struct Answer {
        /// In the order of the log.
        var places: [OverlayPlace] = []
        /// What it doesn't know.
        var gaps: [ClosedRange<UInt64>] = []
    }

    private enum Part {
        case run(OverlayRun)
        case gap(ClosedRange<UInt64>)

        var end: UInt64 {
            switch self {
            case .run(let run): run.end
            case .gap(let range): range.upperBound
            }
        }
    }

    private struct Contents {
        /// In the order of the log.
        var parts: [Part] = []
        /// The places behind them, unsorted.
        var recent: [UInt64] = []
        var recentBase: UInt64
        /// Everything up to here is known.
        var end: UInt64
    }

    private static let recentMax = 1 << 16
    /// Larger runs aren't merged: they would hold their disk space for long after most of it was delivered.
    private static let mergedMax = 1 << 24

    private let directory: String
    private let contents: Monitor<Contents>
    private let endNumber: Atomic<UInt64>

    /// Knows everything up to `end`, of which nothing is wanted.
    init(directory: String, after end: UInt64) {
        self.directory = directory
        contents = Monitor(Contents(recentBase: end + 1, end: end))
        endNumber = Atomic(end)
    }

    /// Everything up to here was added.
    var end: UInt64 { endNumber.load(ordering: .acquiring) }

    /// How many files there are, and what isn't in any: for tests.
    var partCounts: (runs: Int, gaps: Int) {
        contents.withLock { contents in
            let gaps = contents.parts.count { if case .gap = $0 { true } else { false } }
            return (contents.parts.count - gaps, gaps)
        }
    }

    // MARK: Adding

    /// Adds the places of a stretch that ends at `end`, in the order of the log, and is less than `OverlayKey.spanMax` long.
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
        endNumber.store(end, ordering: .releasing)
    }

    /// Forgets what the store has.
    func release(through applied: UInt64) {
        contents.withLock { contents in
            let kept = contents.parts.drop { $0.end <= applied }
            if kept.count < contents.parts.count { contents.parts = Array(kept) }
            if contents.end <= applied { contents.recent = [] }
        }
    }

    private func sealRecent() {
        let (keys, base, end) = contents.withLock { ($0.recent, $0.recentBase, $0.end) }
        guard !keys.isEmpty else { return }
        let part: Part
        do throws(OverlayFileError) {
            part = .run(try OverlayRun.sorting(keys, base: base, end: end, in: directory))
        } catch {
            part = .gap(base...end)
        }
        contents.withLock { contents in
            if case .gap(let new) = part, case .gap(let old) = contents.parts.last {
                contents.parts[contents.parts.count - 1] = .gap(old.lowerBound...new.upperBound)
            } else {
                contents.parts.append(part)
            }
            contents.recent = []
        }
        mergeLast()
    }

    private func mergeLast() {
        while true {
            let parts = contents.withLock { $0.parts.suffix(2) }
            guard parts.count == 2, case .run(let left) = parts.first, case .run(let right) = parts.last,
                left.count <= 2 * right.count, left.count + right.count <= Self.mergedMax,
                right.end - left.base < OverlayKey.spanMax,
                // Without room for the merged one, the two do.
                let merged = try? OverlayRun.merging(left, right, in: directory)
            else { return }
            contents.withLock { contents in
                // Meanwhile the first may have been released.
                let isThere = contents.parts.suffix(2).first.map {
                    if case .run(let run) = $0 { run === left } else { false }
                }
                if isThere == true, contents.parts.count >= 2 {
                    contents.parts.replaceSubrange((contents.parts.count - 2)..., with: [.run(merged)])
                }
            }
        }
    }

    // MARK: Looking

    /// The places of a hash behind `lower`, up to `upper`.
    func places(of hash: UInt32, after lower: UInt64, through upper: UInt64) -> Answer {
        var answer = Answer()
        guard lower < upper else { return answer }
        let (parts, recent, base, end) = contents.withLock { ($0.parts, $0.recent, $0.recentBase, $0.end) }
        func add(_ place: OverlayPlace) {
            if place.sequence > lower, place.sequence <= upper { answer.places.append(place) }
        }
        func addGap(_ range: ClosedRange<UInt64>) {
            let (first, last) = (max(range.lowerBound, lower + 1), min(range.upperBound, upper))
            if first <= last { answer.gaps.append(first...last) }
        }
        for part in parts where part.end > lower {
            switch part {
            case .run(let run):
                do throws(OverlayFileError) {
                    for place in try run.places(of: hash) { add(place) }
                } catch {
                    addGap(run.base...run.end)
                }
            case .gap(let range): addGap(range)
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
