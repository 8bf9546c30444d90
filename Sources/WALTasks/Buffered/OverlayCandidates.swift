internal import WAL

/// The effect of a mutation on whether its task may be in a list.
enum OverlayListChange {
    case enters, leaves, stays

    init(_ isIn: Bool?) {
        self = isIn.map { $0 ? .enters : .leaves } ?? .stays
    }
}

/// The limits of memory for reading a list.
struct OverlayListLimits: Sendable {
    /// The number of bytes of mutations that are decoded at a time.
    var sizeMax: Int
    /// The number of mutations up to which all their tasks are collected.
    var directMax = 8192
    /// The number of mutations whose tasks one walk considers. It keeps a few dozen bytes for each.
    var partMax = 2_000_000

    /// Returns the number of walks that consider all tasks.
    func partCount(for range: ClosedRange<UInt64>) -> Int {
        (range.count - 1) / partMax + 1
    }
}

/// A search of the log for the tasks that may be in a list. All other mutations need only a short look.
enum OverlayCandidates {
    /// Returns the hashes of the candidates, or nil for all tasks. Blocks.
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
    /// Returns a collector of the changes that a list needs: those of these tasks, and those of other tasks that may
    /// be in it.
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

    /// Returns the collector after another walk.
    func walk(_ collector: OverlayCollector) async throws(TaskStorageError) -> OverlayCollector {
        let (search, hasher) = (OverlaySearch(log: log), hasher)
        return try await searching { () throws(WALError) in
            var collector = collector
            try collector.walk(search, hasher)
            return collector
        }
    }

    /// Returns the first activities of a list from the log, and the removals.
    func activities(
        in range: ClosedRange<UInt64>, first count: Int, where isWanted: @escaping @Sendable (TaskActivityLog) -> Bool
    ) async throws(TaskStorageError) -> (activities: [TaskActivityLog], barriers: OverlaySnapshot) {
        let search = OverlaySearch(log: log)
        return try await searching { () throws(WALError) in
            try search.activities(in: range, first: count, where: isWanted)
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
