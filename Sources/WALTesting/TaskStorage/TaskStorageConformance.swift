public import WALTasks

/// What every `TaskStorage` has to do, whatever is behind it: one case a check.
///
/// ```swift
/// @Test(arguments: TaskStorageConformance.allCases)
/// func conformance(check: TaskStorageConformance) async throws {
///     try await check.run(on: MyStorage(…))
/// }
/// ```
public enum TaskStorageConformance: String, CaseIterable, Hashable, Sendable {
    /// Every field of a task comes back.
    case savesAndLoads
    /// Saving again keeps the DAG and the time of creation.
    case keepsDAGAndCreation
    /// Saving many stores all or none.
    case savesMany
    /// Ids differ by each byte.
    case distinguishesIDs
    /// Long texts and the longest id come back.
    case takesLargeTexts
    /// The tasks of a DAG are listed by creation and id, in pages.
    case listsByDAG
    /// The tasks of a status are listed by creation, in pages.
    case listsByStatus
    /// Pending tasks are listed by priority.
    case listsPending
    /// Tasks to go on with are pending, running, or failed with retries left.
    case listsResumable
    /// Equal times are ordered by the bytes of the id.
    case ordersIDsByBytes
    /// A change of status sets the times and the error.
    case updatesStatus
    /// Changing what isn't there does nothing.
    case ignoresUnknownTasks
    /// A deleted task is gone, its activities stay, and its id is free.
    case deletes
    /// Deleting a DAG deletes its tasks and nothing else.
    case deletesDAG
    /// Activities are listed by task and by DAG, in pages.
    case logsActivities
    /// Of two activities with one id the first stays.
    case ignoresSecondActivity
    /// Cleaning up removes what ended before a time, and nothing else.
    case cleansUp
    /// What no storage takes is refused, and nothing stored.
    case refuses
    /// A closed storage refuses every call.
    case closes

    /// The rule that is checked, in one sentence.
    public var summary: String {
        switch self {
        case .savesAndLoads: "Every field of a task comes back."
        case .keepsDAGAndCreation: "Saving a task again keeps its dagID and createdAt, and replaces the rest."
        case .savesMany: "Saving many tasks stores all or none."
        case .distinguishesIDs: "Ids that differ in any byte are different tasks."
        case .takesLargeTexts: "A payload of 100,000 bytes, an error of 32,000 bytes and an id of 512 bytes come back."
        case .listsByDAG: "The tasks of a DAG are listed by createdAt and id; limit and offset cut pages."
        case .listsByStatus: "The tasks of a status are listed by createdAt and id; limit and offset cut pages."
        case .listsPending: "Pending tasks are listed by priority, the highest first, then by createdAt and id."
        case .listsResumable: "Resumable are the tasks of a DAG that are pending, running, or failed with retries left."
        case .ordersIDsByBytes: "Where createdAt is equal, lists are ordered by the UTF-8 bytes of the id."
        case .updatesStatus: "A change of status sets status, error and times, each as the protocol says."
        case .ignoresUnknownTasks: "Changing or deleting a task that isn't there does nothing."
        case .deletes: "A deleted task is gone, its activities stay, and its id can be used again."
        case .deletesDAG: "Deleting a DAG deletes its tasks, not those of others, and no activities."
        case .logsActivities: "Activities are listed by task and by DAG, by createdAt and id, in pages."
        case .ignoresSecondActivity: "Of two activities with the same id the first stays."
        case .cleansUp: "Cleaning up removes ended tasks and activities from before a time, and nothing else."
        case .refuses: "What no storage can take is refused at once, and nothing of it stored."
        case .closes: "After close every call throws."
        }
    }

    /// Runs the check on an empty storage, which ``closes`` closes and the others leave open.
    public func run(on storage: some TaskStorage) async throws(ConformanceFailure) {
        let rule = Rule(check: rawValue, text: summary)
        let examination = TaskStorageExamination(storage: storage, rule: rule)
        try await rule.hold { try await examine(examination) }
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
