internal import WAL

/// Takes the tasks out of a stretch of the log whose changes a list has to know, in memory that is bounded: what doesn't fit is left
/// to the next walk through the stretch.
struct OverlayCollector: Sendable {
    /// The stretch.
    let range: ClosedRange<UInt64>
    /// Hashes of the ids that are wanted; nil for all.
    private let wanted: Set<UInt64>?
    /// Of those, the ones that a walk must take whatever their size.
    private let first: Set<UInt64>
    private let sizeMax: Int
    private var done: Set<UInt64> = []
    /// What the last walk has found.
    private(set) var snapshot = OverlaySnapshot()
    /// Whether a walk has left something.
    private(set) var isUnfinished = true

    init(range: ClosedRange<UInt64>, wanted: Set<UInt64>?, first: Set<UInt64>, sizeMax: Int) {
        self.range = range
        self.wanted = wanted.map { $0.union(first) }
        self.first = first
        self.sizeMax = sizeMax
    }

    /// Walks through the stretch. Blocking.
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

/// The first activities of a list, of those in a stretch of the log, in memory that is bounded by how many are wanted.
struct OverlayActivities: Sendable {
    let range: ClosedRange<UInt64>
    let countMax: Int

    /// Blocking. The activities that outlive the removals, the first of each id; and the removals.
    func walk(
        _ search: OverlaySearch, where isWanted: (TaskActivityLog) -> Bool
    ) throws(WALError) -> (activities: [TaskActivityLog], barriers: OverlaySnapshot) {
        // Removals come behind what they remove, and have to be known by then.
        var barriers = OverlaySnapshot()
        try search.scan(range) { sequence, payload in
            guard let outline = TaskCodec.outline(of: payload), outline.id == nil,
                let mutation = try? TaskCodec.decode(payload)
            else { return }
            barriers.add(LoggedMutation(sequence: sequence, mutation: mutation, size: payload.byteCount))
        }
        var kept: [BinaryID: TaskActivityLog] = [:]
        var last: TaskActivityLog?
        try search.scan(range) { sequence, payload in
            guard let outline = TaskCodec.outline(of: payload), outline.kind == .activity,
                case .log(let activity)? = try? TaskCodec.decode(payload), isWanted(activity),
                last.map({ TaskActivityLog.isOlder(activity, $0) }) ?? true, kept[BinaryID(activity.id)] == nil,
                !barriers.removes(LoggedActivity(sequence: sequence, activity: activity))
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
