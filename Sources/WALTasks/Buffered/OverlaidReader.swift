internal import WAL

/// A reader that answers queries from the store with the overlay applied on top.
struct OverlaidReader<Store: TaskStore>: Sendable {
    /// The maximum number of reads while each is outdated at its end.
    private static var attemptsMax: Int { 4 }
    /// The number of tasks in one lookup of the store.
    private static var lookupSize: Int { 1000 }

    let reach: StoreReach<Store>
    let overlay: TaskOverlay

    func task(id: String) async throws -> PersistentTask? {
        try await repeating {
            let snapshot = try await self.snapshot(of: id, .changes)
            if snapshot.isWhole(id) { return (snapshot.resolve(id, from: nil), false) }
            let answer = snapshot.resolveWithoutStore(id)
            do {
                let row = try await reach.ask(answer == nil ? .usual : .short) { try await $0.task(id: id) }
                return (snapshot.resolve(id, from: row), overlay.mayBeOutdated(snapshot))
            } catch let error as TaskStorageError where error.code == .storeAway {
                guard let answer else { throw error }
                return (answer, false)
            }
        }
    }

    func tasks(dagID: String, _ page: Page) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isOlder, includes: { $0.dagID.hasBytes(of: dagID) },
            // The store returns its own tasks of this DAG, or they come after the page.
            mayGain: { $0.saves(into: dagID) },
            change: { if case .save(let task) = $0, task.dagID.hasBytes(of: dagID) { .enters } else { .stays } },
            fetch: { try await $0.tasks(dagID: dagID, limit: $1.limit, offset: $1.offset) })
        return try await read(list, page)
    }

    func tasks(status: TaskStatus, _ page: Page) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isOlder, includes: { $0.status == status }, mayGain: { $0.lastStatus == status },
            change: { OverlayListChange($0.status.map { $0 == status }) },
            fetch: { try await $0.tasks(status: status, limit: $1.limit, offset: $1.offset) })
        return try await read(list, page)
    }

    func pendingTasks(_ page: Page) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isMoreUrgent, includes: { $0.status == .pending },
            mayGain: { $0.lastStatus == .pending },
            change: { OverlayListChange($0.status.map { $0 == .pending }) },
            fetch: { try await $0.pendingTasks(limit: $1.limit) })
        return try await read(list, page)
    }

    func resumableTasks(dagID: String) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isOlder, includes: { $0.isResumable && $0.dagID.hasBytes(of: dagID) },
            mayGain: { $0.lastStatus.map { $0 != .completed && $0 != .cancelled } ?? false },
            change: { OverlayListChange($0.status.map { $0 != .completed && $0 != .cancelled }) },
            fetch: { store, _ in try await store.resumableTasks(dagID: dagID) })
        return try await read(list, Page(limit: .max))
    }

    /// A list of the store, with the overlay's rules for it.
    private struct TaskList {
        var order: (PersistentTask, PersistentTask) -> Bool
        var includes: (PersistentTask) -> Bool
        /// Whether these mutations may bring a task into the list that the store didn't return.
        var mayGain: ([LoggedMutation]) -> Bool
        /// The effect of a single mutation on whether its task may be in the list.
        var change: @Sendable (TaskMutation) -> OverlayListChange
        /// Returns a page of the store's tasks.
        var fetch: @Sendable (Store, Page) async throws -> [PersistentTask]
    }

    private func read(_ list: TaskList, _ page: Page) async throws -> [PersistentTask] {
        guard page.limit > 0 else { return [] }
        // Later rows must replace the rows that the overlay removes from the list. So some more rows are read than
        // requested, and twice as many whenever that isn't enough. It never reads a second page, because the flusher
        // may have moved rows since the first.
        var count = page.end
        while true {
            let (result, isEnough) = try await repeating {
                guard let range = overlay.undelivered else { return ((try await fetch(list, page), true), false) }
                let extended = try Page(limit: Page.sum(count, min(range.count, 64)))
                let rows = try await fetch(list, extended)
                let (tasks, untouchedCount, snapshot) = try await merge(rows, of: list, range, countMax: page.end)
                let isOutdated = snapshot.map(overlay.mayBeOutdated) == true || overlay.lacksRecords(of: range)
                return ((page.of(tasks), rows.count < extended.limit || untouchedCount >= page.end), isOutdated)
            }
            if isEnough { return result }
            count = Page.sum(count, count)
        }
    }

    private func fetch(_ list: TaskList, _ page: Page) async throws -> [PersistentTask] {
        let fetch = list.fetch
        return try await reach.ask(.long) { try await fetch($0, page) }
    }

    /// Returns the first `countMax` tasks of a list, and the number of rows that the overlay doesn't change.
    private func merge(
        _ rows: [PersistentTask], of list: TaskList, _ range: ClosedRange<UInt64>, countMax: Int
    ) async throws -> (tasks: [PersistentTask], untouchedCount: Int, snapshot: OverlaySnapshot?) {
        let known = Set(rows.map { BinaryID($0.id) })
        var tasks: [PersistentTask] = []
        var untouchedCount = 0
        var firstSnapshot: OverlaySnapshot?
        for part in 0..<overlay.listLimits.partCount(for: range) {
            // The first part includes all tasks of the rows.
            var collector = try await overlay.collector(
                of: rows.map(\.id), in: range, part: part, change: list.change)
            while collector.isUnfinished {
                collector = try await overlay.walk(collector)
                let snapshot = collector.snapshot
                if firstSnapshot == nil {
                    firstSnapshot = snapshot
                    for row in rows {
                        guard let task = snapshot.resolve(row.id, from: row), list.includes(task) else { continue }
                        tasks.append(task)
                        if snapshot.tasks[BinaryID(row.id)] == nil { untouchedCount += 1 }
                    }
                }
                let gained = snapshot.tasks.filter { list.mayGain($0.value) && !known.contains($0.key) }.map(\.key.text)
                for ids in gained.chunks(of: Self.lookupSize) {
                    let found = try await reach.ask(.long) { try await $0.tasks(ids: ids) }
                    let rowsByID = Dictionary(
                        found.map { (BinaryID($0.id), $0) }, uniquingKeysWith: { first, _ in first })
                    tasks += ids.compactMap { id in
                        snapshot.resolve(id, from: rowsByID[BinaryID(id)]).flatMap { list.includes($0) ? $0 : nil }
                    }
                }
                tasks = Array(tasks.sorted(by: list.order).prefix(countMax))
            }
        }
        return (tasks, untouchedCount, firstSnapshot)
    }

    private func snapshot(of id: String, _ part: OverlayPart) async throws(TaskStorageError) -> OverlaySnapshot {
        do throws(WALError) {
            return try await overlay.snapshot(of: id, part)
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    /// Reads the store under a snapshot, and again if `body` returns that its result is outdated: meanwhile the store may have applied a
    /// barrier of the snapshot or a later change of its task, or retention has removed records.
    ///
    /// The repetition of other changes gives the same result. Suppose that a barrier has removed a row since. Repeating
    /// an earlier save then gives the row the `dagID` of that save, which may not be the barrier's, so the row stays. A
    /// removal of tasks that ended before a time must not be repeated on a row that was written after it with an older
    /// time. If the store takes longer for a barrier than these attempts, the last attempt counts, because in that case
    /// the barrier is most likely not applied.
    private func repeating<Result>(
        _ body: () async throws -> (Result, isOutdated: Bool)
    ) async throws -> Result {
        for _ in 1..<Self.attemptsMax {
            let (result, isOutdated) = try await body()
            if !isOutdated { return result }
        }
        return try await body().0
    }
}

extension OverlaidReader {
    func activities(taskID: String, _ page: Page) async throws -> [TaskActivityLog] {
        try await activities(page) { count in
            let snapshot = try await self.snapshot(of: taskID, .activities)
            let rows = try await reach.ask(.usual) {
                try await $0.activities(taskID: taskID, limit: count, offset: 0)
            }
            return (rows, snapshot, Array(snapshot.survivingActivities { $0.taskID.hasBytes(of: taskID) }.values))
        }
    }

    func activities(dagID: String, _ page: Page) async throws -> [TaskActivityLog] {
        try await activities(page) { count in
            try await repeating {
                let range = overlay.undelivered
                let rows = try await reach.ask(.long) {
                    try await $0.activities(dagID: dagID, limit: count, offset: 0)
                }
                guard let range else { return ((rows, OverlaySnapshot(), []), false) }
                // Some of these activities may be among the rows.
                let (added, barriers) = try await overlay.activities(
                    in: range, first: Page.sum(page.end, rows.count)
                ) { $0.dagID.hasBytes(of: dagID) }
                return ((rows, barriers, added), overlay.lacksRecords(of: range))
            }
        }
    }

    /// Merges a page of activities. `read` returns this number of the store's activities, the snapshot, and the
    /// overlay's activities.
    private func activities(
        _ page: Page,
        _ read: (Int) async throws -> (rows: [TaskActivityLog], snapshot: OverlaySnapshot, added: [TaskActivityLog])
    ) async throws -> [TaskActivityLog] {
        guard page.limit > 0 else { return [] }
        var count = page.end
        while true {
            let (rows, snapshot, logged) = try await read(count)
            let stored = rows.filter(snapshot.keeps)
            if rows.count == count, stored.count < page.end {
                count = Page.sum(count, count)
                continue
            }
            var added = Dictionary(logged.map { (BinaryID($0.id), $0) }, uniquingKeysWith: { first, _ in first })
            for activity in stored { added[BinaryID(activity.id)] = nil }
            return page.of((stored + added.values).sorted(by: TaskActivityLog.isOlder))
        }
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
