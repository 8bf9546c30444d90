internal import WAL

/// What a mutation means for whether its task may be in a list.
enum OverlayListChange {
    case enters, leaves, stays

    init(_ isIn: Bool?) {
        self = isIn.map { $0 ? .enters : .leaves } ?? .stays
    }
}

/// What a list may take at a time.
struct OverlayListLimits: Sendable {
    /// So many bytes of mutations are decoded.
    var sizeMax: Int
    /// The tasks of so few mutations are all collected.
    var directMax = 8192
    /// A walk looks at the tasks of so many mutations: what it keeps of each takes some dozen bytes.
    var partMax = 2_000_000

    /// How many walks it takes to look at all tasks.
    func partCount(for range: ClosedRange<UInt64>) -> Int {
        (range.count - 1) / partMax + 1
    }
}

/// Finds the tasks that may be in a list for what the log says of them, so that of many others only a glance is needed.
enum OverlayCandidates {
    /// Blocking. Nil for all tasks.
    static func find(
        in range: ClosedRange<UInt64>, part: Int, _ limits: OverlayListLimits, _ search: OverlaySearch,
        _ hasher: TaskIDHasher,
        change: (TaskMutation) -> OverlayListChange
    ) throws(WALError) -> Set<UInt64>? {
        guard range.count > limits.directMax else { return nil }
        let partCount = UInt64(limits.partCount(for: range))
        var candidates: Set<UInt64> = []
        try search.scan(range) { _, payload in
            guard let outline = TaskCodec.outline(of: payload), outline.kind != .activity, let id = outline.id
            else { return }
            let hash = hasher.hash(payload.extracting(id))
            guard hash % partCount == part, let mutation = try? TaskCodec.decode(payload) else { return }
            switch change(mutation) {
            case .enters: candidates.insert(hash)
            case .leaves: candidates.remove(hash)
            case .stays: break
            }
        }
        return candidates
    }
}

extension TaskOverlay {
    /// Prepares collecting what a list has to know: of these tasks, and of those that may be in it besides.
    func collector(
        of ids: [String], in range: ClosedRange<UInt64>, part: Int,
        change: @escaping @Sendable (TaskMutation) -> OverlayListChange
    ) async throws(TaskStorageError) -> OverlayCollector {
        let (search, hasher, limits) = (OverlaySearch(log: log), hasher, listLimits)
        let candidates = try await searching { () throws(WALError) in
            try OverlayCandidates.find(in: range, part: part, limits, search, hasher, change: change)
        }
        return OverlayCollector(
            range: range, wanted: candidates, first: part == 0 ? Set(ids.map(hasher.hash)) : [], sizeMax: limits.sizeMax
        )
    }

    /// The collector after another walk.
    func walk(_ collector: OverlayCollector) async throws(TaskStorageError) -> OverlayCollector {
        let (search, hasher) = (OverlaySearch(log: log), hasher)
        return try await searching { () throws(WALError) in
            var collector = collector
            try collector.walk(search, hasher)
            return collector
        }
    }

    /// The first activities of a list that the log holds, and the removals.
    func activities(
        in range: ClosedRange<UInt64>, first count: Int, where isWanted: @escaping @Sendable (TaskActivityLog) -> Bool
    ) async throws(TaskStorageError) -> (activities: [TaskActivityLog], barriers: OverlaySnapshot) {
        let search = OverlaySearch(log: log)
        return try await searching { () throws(WALError) in
            try OverlayActivities(range: range, countMax: count).walk(search, where: isWanted)
        }
    }

    private func searching<Result: Sendable>(
        _ body: @escaping @Sendable () throws(WALError) -> Result
    ) async throws(TaskStorageError) -> Result {
        do throws(WALError) {
            return try await Blocking.run(body)
        } catch {
            throw TaskStorageError(log: error)
        }
    }
}
