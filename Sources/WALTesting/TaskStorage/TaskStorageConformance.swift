public import WALTasks

/// The requirements on every `TaskStorage`, independent of its store. Each case is a check.
///
/// ```swift
/// @Test(arguments: TaskStorageConformance.allCases)
/// func conformance(check: TaskStorageConformance) async throws {
///     try await check.run(on: MyStorage(…))
/// }
/// ```
public enum TaskStorageConformance: String, CaseIterable, Hashable, Sendable {
    /// Every field of a task is returned as saved.
    case savesAndLoads
    /// Saving again keeps the DAG and the creation time.
    case keepsDAGAndCreation
    /// Saving many tasks stores all or none.
    case savesMany
    /// Ids that differ in any byte are different tasks.
    case distinguishesIDs
    /// Long texts and the longest id are returned as saved.
    case takesLargeTexts
    /// The tasks of a DAG are listed in the order of creation time and id, in pages.
    case listsByDAG
    /// The tasks of a status are listed in the order of creation time and id, in pages.
    case listsByStatus
    /// Pending tasks are listed in the order of priority.
    case listsPending
    /// Resumable tasks are pending, running, or failed with retries left.
    case listsResumable
    /// Tasks and activities with equal times are listed in the order of the bytes of their ids.
    case ordersIDsByBytes
    /// A change of status sets the times and the error.
    case updatesStatus
    /// Changing or deleting a task that doesn't exist has no effect.
    case ignoresUnknownTasks
    /// A deleted task is gone, its activities remain, and its id is free.
    case deletes
    /// Deleting a DAG deletes its tasks and nothing else.
    case deletesDAG
    /// Activities are listed by task and by DAG, in pages.
    case logsActivities
    /// The first of two activities with the same id remains.
    case ignoresSecondActivity
    /// Cleaning up removes only tasks that ended, and activities that were logged, before a time.
    case cleansUp
    /// Invalid values are refused, and none of them is stored.
    case refuses
    /// A closed storage refuses every call.
    case closes

    /// The rule that the check verifies, in one sentence.
    public var summary: String {
        switch self {
        case .savesAndLoads: "Every field of a task is returned as saved."
        case .keepsDAGAndCreation: "Saving a task again keeps its dagID and createdAt, and replaces the rest."
        case .savesMany: "Saving many tasks stores all or none."
        case .distinguishesIDs: "Ids that differ in any byte are different tasks."
        case .takesLargeTexts: "A payload of 100,000 bytes, an error of 32,000 bytes and an id of 512 bytes are kept."
        case .listsByDAG: "The tasks of a DAG are listed by createdAt and id; limit and offset cut pages."
        case .listsByStatus: "The tasks of a status are listed by createdAt and id; limit and offset cut pages."
        case .listsPending: "Pending tasks are listed by priority, the highest first, then by createdAt and id."
        case .listsResumable: "Resumable are the tasks of a DAG that are pending, running, or failed with retries left."
        case .ordersIDsByBytes: "If createdAt is equal, lists are ordered by the UTF-8 bytes of the id."
        case .updatesStatus: "A change of status sets status, error and times as the protocol specifies."
        case .ignoresUnknownTasks: "Changing or deleting a task that doesn't exist has no effect."
        case .deletes: "A deleted task is gone, its activities remain, and its id can be used again."
        case .deletesDAG: "Deleting a DAG deletes its tasks, no tasks of other DAGs, and no activities."
        case .logsActivities: "Activities are listed by task and by DAG, by createdAt and id, in pages."
        case .ignoresSecondActivity: "The first of two activities with the same id remains."
        case .cleansUp: "Cleaning up removes only tasks that ended and activities logged before a time."
        case .refuses: "Invalid values are refused at once, and none of them is stored."
        case .closes: "After close every call throws."
        }
    }

    /// Runs the check on an empty storage. ``closes`` closes the storage, and all other checks leave it open.
    ///
    /// - Parameter storage: The storage.
    /// - Throws: The broken rule.
    public func run(on storage: some TaskStorage) async throws(ConformanceFailure) {
        let rule = Rule(check: rawValue, text: summary)
        let examination = TaskStorageExamination(storage: storage, rule: rule)
        do {
            try await examine(examination)
        } catch {
            throw rule.failure(for: error)
        }
    }

    private func examine(_ examination: TaskStorageExamination) async throws {
        switch self {
        case .savesAndLoads: try await examination.savesAndLoads()
        case .keepsDAGAndCreation: try await examination.keepsDAGAndCreation()
        case .savesMany: try await examination.savesMany()
        case .distinguishesIDs: try await examination.distinguishesIDs()
        case .takesLargeTexts: try await examination.takesLargeTexts()
        case .listsByDAG: try await examination.listsByDAG()
        case .listsByStatus: try await examination.listsByStatus()
        case .listsPending: try await examination.listsPending()
        case .listsResumable: try await examination.listsResumable()
        case .ordersIDsByBytes: try await examination.ordersIDsByBytes()
        case .updatesStatus: try await examination.updatesStatus()
        case .ignoresUnknownTasks: try await examination.ignoresUnknownTasks()
        case .deletes: try await examination.deletes()
        case .deletesDAG: try await examination.deletesDAG()
        case .logsActivities: try await examination.logsActivities()
        case .ignoresSecondActivity: try await examination.ignoresSecondActivity()
        case .cleansUp: try await examination.cleansUp()
        case .refuses: try await examination.refuses()
        case .closes: try await examination.closes()
        }
    }
}
