internal import WAL

/// Answers queries from the store and, on top of it, the overlay.
struct OverlaidReader<Store: TaskStore>: Sendable {
    /// How often a read is done because a barrier may have reached the store meanwhile.
    private static var attemptsMax: Int { 4 }

    let store: Store
    let overlay: TaskOverlay

    func task(id: String) async throws -> PersistentTask? {
        try await read({ overlay.snapshot(of: id, .changes) }) { snapshot in
            snapshot.resolve(id, from: try await store.task(id: id))
        }
    }

    func tasks(dagID: String, _ page: Page) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isOlder, includes: { $0.dagID.hasBytes(of: dagID) },
            // The store's own tasks of this graph are in what it returns, or come after it.
            mayGain: { $0.saves(into: dagID) },
            fetch: { try await store.tasks(dagID: dagID, limit: $0.limit, offset: $0.offset) })
        return try await read(list, page)
    }

    func tasks(status: TaskStatus, _ page: Page) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isOlder, includes: { $0.status == status }, mayGain: { $0.lastStatus == status },
            fetch: { try await store.tasks(status: status, limit: $0.limit, offset: $0.offset) })
        return try await read(list, page)
    }

    func pendingTasks(_ page: Page) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isMoreUrgent, includes: { $0.status == .pending },
            mayGain: { $0.lastStatus == .pending },
            fetch: { try await store.pendingTasks(limit: $0.limit) })
        return try await read(list, page)
    }

    func resumableTasks(dagID: String) async throws -> [PersistentTask] {
        let list = TaskList(
            order: PersistentTask.isOlder, includes: { $0.isResumable && $0.dagID.hasBytes(of: dagID) },
            mayGain: { $0.lastStatus.map { $0 != .completed && $0 != .cancelled } ?? false },
            fetch: { _ in try await store.resumableTasks(dagID: dagID) })
        return try await read(list, Page(limit: .max))
    }

    /// A list of the store, and what the overlay has to know about it.
    private struct TaskList {
        var order: (PersistentTask, PersistentTask) -> Bool
        var includes: (PersistentTask) -> Bool
        /// Whether a task that the store didn't return may be in the list for these mutations.
        var mayGain: ([LoggedMutation]) -> Bool
        var fetch: (Page) async throws -> [PersistentTask]
    }

    private func read(_ list: TaskList, _ page: Page) async throws -> [PersistentTask] {
        guard page.limit > 0 else { return [] }
        // Rows that the overlay takes out of the list have to be replaced by later ones: some more are read than asked for,
        // and twice as many whenever that wasn't enough. Never a second page: the flusher may have moved rows since the first.
        var count = page.end
        while true {
            let (result, isEnough) = try await read({ overlay.snapshot(.changes) }) { snapshot in
                if snapshot.tasks.isEmpty, snapshot.barriers.isEmpty { return (try await list.fetch(page), true) }
                let extended = try Page(limit: Self.sum(count, Swift.min(snapshot.tasks.count, 64)))
                let rows = try await list.fetch(extended)
                let (tasks, untouchedCount) = try await merge(rows, of: list, snapshot)
                return (page.of(tasks), rows.count < extended.limit || untouchedCount >= page.end)
            }
            if isEnough { return result }
            count = Self.sum(count, count)
        }
    }

    private func merge(
        _ rows: [PersistentTask], of list: TaskList, _ snapshot: OverlaySnapshot
    ) async throws -> (tasks: [PersistentTask], untouchedCount: Int) {
        let known = Set(rows.map { ExactID($0.id) })
        let gained = snapshot.tasks.filter { list.mayGain($0.value) && !known.contains($0.key) }.map(\.key.text)
        let found = gained.isEmpty ? [] : try await store.tasks(ids: gained)
        let rowsByID = Dictionary(found.map { (ExactID($0.id), $0) }, uniquingKeysWith: { first, _ in first })
        var tasks: [PersistentTask] = []
        var untouchedCount = 0
        for row in rows {
            guard let task = snapshot.resolve(row.id, from: row), list.includes(task) else { continue }
            tasks.append(task)
            if snapshot.tasks[ExactID(row.id)] == nil { untouchedCount += 1 }
        }
        for id in gained {
            if let task = snapshot.resolve(id, from: rowsByID[ExactID(id)]), list.includes(task) { tasks.append(task) }
        }
        return (tasks.sorted(by: list.order), untouchedCount)
    }

    /// Reads the store under a snapshot, and again if a barrier of the snapshot may have been applied meanwhile.
    ///
    /// Barriers are the only changes whose repetition can differ: repeating a save on a row that a barrier has removed since
    /// gives it the `dagID` of the save, which then isn't the one that the barrier is about; and a removal of what ended before
    /// some time must not be repeated on a row that was written after it, with an older time. Where a barrier takes the store
    /// longer than these attempts, the last one counts: then it is most likely not applied.
    private func read<Result>(
        _ snapshot: () -> OverlaySnapshot, _ body: (OverlaySnapshot) async throws -> Result
    ) async throws -> Result {
        for _ in 1..<Self.attemptsMax {
            let snapshot = snapshot()
            let result = try await body(snapshot)
            if !overlay.mayHaveApplied(barriersOf: snapshot) { return result }
        }
        return try await body(snapshot())
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}

extension OverlaidReader {
    func activities(taskID: String, _ page: Page) async throws -> [TaskActivityLog] {
        try await activities(
            page, { overlay.snapshot(of: taskID, .activities) }, where: { $0.taskID.hasBytes(of: taskID) }
        ) {
            try await store.activities(taskID: taskID, limit: $0.limit, offset: $0.offset)
        }
    }

    func activities(dagID: String, _ page: Page) async throws -> [TaskActivityLog] {
        try await activities(page, { overlay.snapshot(.activities) }, where: { $0.dagID.hasBytes(of: dagID) }) {
            try await store.activities(dagID: dagID, limit: $0.limit, offset: $0.offset)
        }
    }

    private func activities(
        _ page: Page, _ takeSnapshot: () -> OverlaySnapshot, where isWanted: (TaskActivityLog) -> Bool,
        fetch: (Page) async throws -> [TaskActivityLog]
    ) async throws -> [TaskActivityLog] {
        guard page.limit > 0 else { return [] }
        var count = page.end
        while true {
            let snapshot = takeSnapshot()
            if snapshot.activities.isEmpty, snapshot.barriers.isEmpty { return try await fetch(page) }
            let rows = try await fetch(Page(limit: count))
            let stored = rows.filter(snapshot.keeps)
            if rows.count == count, stored.count < page.end {
                count = Self.sum(count, count)
                continue
            }
            var added = snapshot.survivingActivities(where: isWanted)
            for activity in stored { added[ExactID(activity.id)] = nil }
            return page.of((stored + added.values).sorted(by: TaskActivityLog.isOlder))
        }
    }
}
