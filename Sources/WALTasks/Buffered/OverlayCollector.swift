internal import WAL

/// A collector of the changes that a list needs from a stretch of the log, in bounded memory. Tasks that don't fit
/// are left for the next walk through the stretch.
struct OverlayCollector: Sendable {
    /// The stretch.
    let range: ClosedRange<UInt64>
    /// The hashes of the wanted ids. Nil for all.
    private let wanted: Set<UInt64>?
    /// The hashes of the ids that a walk must take regardless of their size.
    private let first: Set<UInt64>
    private let sizeMax: Int
    private var done: Set<UInt64> = []
    /// The result of the last walk.
    private(set) var snapshot = OverlaySnapshot()
    /// Whether a walk has left tasks for the next one.
    private(set) var isUnfinished = true

    init(range: ClosedRange<UInt64>, wanted: Set<UInt64>?, first: Set<UInt64>, sizeMax: Int) {
        self.range = range
        self.wanted = wanted.map { $0.union(first) }
        self.first = first
        self.sizeMax = sizeMax
    }

    /// Walks through the stretch. Blocks.
    mutating func walk(_ search: OverlaySearch, _ hasher: TaskIDHasher) throws(WALError) {
        var snapshot = OverlaySnapshot()
        var taken: Set<UInt64> = []
        var hasLeft = false
        let (wanted, first, done, sizeMax) = (wanted, first, done, sizeMax)
        try search.scan(range) { sequence, payload in
            guard let outline = TaskCodec.outline(of: payload), outline.kind != .activity else { return }
            if let id = outline.id {
                let hash = hasher.hash(payload.extracting(id))
                guard !done.contains(hash), wanted?.contains(hash) ?? true else { return }
                if !taken.contains(hash) {
                    guard snapshot.size < sizeMax || first.contains(hash) else {
                        hasLeft = true
                        return
                    }
                    taken.insert(hash)
                }
            }
            guard let mutation = try? TaskCodec.decode(payload) else { return }
            snapshot.add(LoggedMutation(sequence: sequence, mutation: mutation, size: payload.byteCount))
        }
        self.snapshot = snapshot
        self.done.formUnion(taken)
        isUnfinished = hasLeft
    }
}

extension OverlaySearch {
    /// Returns the removals in a stretch of the log, and the first activities of a list that they keep, the first of
    /// each id. The number of wanted activities bounds the memory. Blocks.
    func activities(
        in range: ClosedRange<UInt64>, first countMax: Int, where isWanted: (TaskActivityLog) -> Bool
    ) throws(WALError) -> (activities: [TaskActivityLog], barriers: OverlaySnapshot) {
        // Removals come after the activities that they remove, so read the removals first.
        var barriers = OverlaySnapshot()
        try scan(range) { sequence, payload in
            guard let outline = TaskCodec.outline(of: payload), outline.id == nil,
                let mutation = try? TaskCodec.decode(payload)
            else { return }
            barriers.add(LoggedMutation(sequence: sequence, mutation: mutation, size: payload.byteCount))
        }
        var kept: [BinaryID: TaskActivityLog] = [:]
        var last: TaskActivityLog?
        try scan(range) { sequence, payload in
            guard let outline = TaskCodec.outline(of: payload), outline.kind == .activity,
                case .log(let activity)? = try? TaskCodec.decode(payload), isWanted(activity),
                last.map({ TaskActivityLog.isOlder(activity, $0) }) ?? true, kept[BinaryID(activity.id)] == nil,
                !barriers.removes(activity, at: sequence)
            else { return }
            kept[BinaryID(activity.id)] = activity
            if kept.count >= 2 * max(countMax, 512), countMax < .max / 2 {
                let first = kept.values.sorted(by: TaskActivityLog.isOlder).prefix(countMax)
                kept = Dictionary(uniqueKeysWithValues: first.map { (BinaryID($0.id), $0) })
                last = first.last
            }
        }
        return (kept.values.sorted(by: TaskActivityLog.isOlder), barriers)
    }
}
