import TestSupport
import Testing
import WAL
import WALDelivery
import WALTesting

@testable import WALTasks

@Suite struct BatchSectionsTests {
    /// Random batches, coalesced or not, that are cut and applied by sections, give the same rows as single changes.
    @Test(arguments: 0..<300, [true, false])
    func sectionsEndAsOneByOne(seed: Int, coalescing: Bool) {
        var random = RandomMutations(seed: UInt64(seed))
        var start = TaskTable()
        for mutation in random.list(Int.random(in: 0..<20, using: &random.generator)) { start.apply(mutation) }
        let mutations = random.list(Int.random(in: 1..<60, using: &random.generator))
        var oneByOne = start
        for mutation in mutations { oneByOne.apply(mutation) }
        let operations = coalescing ? coalesced(mutations) : operations(mutations)
        let sections = BatchSection.cut(operations)
        #expect(sections.flatMap(\.indexes).sorted() == Array(operations.indices))
        var cut = start
        for section in sections { apply(section, of: operations.map(\.mutation), to: &cut, order: &random.generator) }
        #expect(cut.tasks == oneByOne.tasks)
        #expect(cut.randomActivities == oneByOne.randomActivities)
        if coalescing {
            let barrierCount = operations.count { $0.mutation.taskID == nil }
            #expect(sections.count <= 2 * (barrierCount + 1) + barrierCount)
        }
    }

    @Test func idsAreUniqueInASection() {
        var random = RandomMutations(seed: 1)
        let operations = operations(random.list(2000))
        for case .rows(let section) in BatchSection.cut(operations) {
            func ids(_ indexes: [Int]) -> [String] { indexes.compactMap { operations[$0].mutation.taskID } }
            let changed = ids(section.deletes) + ids(section.saves) + Set(ids(section.updates))
            #expect(Set(changed).count == changed.count)
            let activities = section.activities.compactMap { index in
                if case .log(let activity) = operations[index].mutation { activity.id } else { nil }
            }
            #expect(Set(activities).count == section.activities.count)
        }
    }

    @Test func ordinaryBatchIsOneSection() {
        let sections = BatchSection.cut(
            operations([
                .save(task("a")), .log(activity("1")), update("b", .running), .delete(id: "c"), update("b", .completed),
                .log(activity("2")), .save(task("d")),
            ]))
        #expect(sections == [.rows(RowSection(deletes: [3], saves: [0, 6], updates: [2, 4], activities: [1, 5]))])
        #expect(BatchSection.cut([]).isEmpty)
    }

    @Test func deleteComesBeforeTheSaveOfItsTask() {
        let sections = BatchSection.cut(operations([.save(task("b")), .delete(id: "a"), .save(task("a"))]))
        #expect(sections == [.rows(RowSection(deletes: [1], saves: [0])), .rows(RowSection(saves: [2]))])
    }

    @Test func operationWithoutTaskStandsAlone() {
        let sections = BatchSection.cut(
            operations([
                .save(task("a")), .deleteDAG(id: "d"), .removeTasks(endedBefore: Timestamp(rawValue: 1)),
                .save(task("a")), .removeActivities(createdBefore: Timestamp(rawValue: 1)),
            ]))
        #expect(
            sections == [
                .rows(RowSection(saves: [0])), .barrier(1), .barrier(2), .rows(RowSection(saves: [3])), .barrier(4),
            ])
    }

    @Test func repeatsOfOneTaskGiveOneSectionEach() {
        let sections = BatchSection.cut(
            operations([
                .save(task("a")), update("a", .running), update("a", .failed), .save(task("a")), .delete(id: "a"),
            ]))
        #expect(
            sections == [
                .rows(RowSection(saves: [0])), .rows(RowSection(updates: [1, 2])), .rows(RowSection(saves: [3])),
                .rows(RowSection(deletes: [4])),
            ])
    }

    private func task(_ id: String) -> PersistentTask {
        PersistentTask(id: id, dagID: "d", nodeID: "n", createdAt: Timestamp(rawValue: 0))
    }

    private func activity(_ id: String) -> TaskActivityLog {
        TaskActivityLog(id: id, taskID: "a", dagID: "d", nodeID: "n", action: "act", createdAt: Timestamp(rawValue: 0))
    }

    private func update(_ id: String, _ status: TaskStatus) -> TaskMutation {
        .updateStatus(id: id, status: status, error: nil, time: Timestamp(rawValue: 5))
    }

    private func operations(_ mutations: [TaskMutation]) -> [TaskBatch.Operation] {
        mutations.enumerated().map { index, mutation in
            TaskBatch.Operation(record: SinkRecord(mutation, at: UInt64(index + 1)), mutation: mutation)
        }
    }

    private func coalesced(_ mutations: [TaskMutation]) -> [TaskBatch.Operation] {
        var coalescer = TaskCoalescer()
        for operation in operations(mutations) { coalescer.add(operation) }
        return coalescer.result
    }

    /// Applies changes as a database does: kinds in any order, rows of a kind in any order, updates merged.
    private func apply(
        _ section: BatchSection, of mutations: [TaskMutation], to table: inout TaskTable,
        order: inout SeededGenerator
    ) {
        guard case .rows(let rows) = section else {
            for index in section.indexes { table.apply(mutations[index]) }
            return
        }
        for kind in ["delete", "save", "update", "log"].shuffled(using: &order) {
            switch kind {
            case "delete": for index in rows.deletes.shuffled(using: &order) { table.apply(mutations[index]) }
            case "save": for index in rows.saves.shuffled(using: &order) { table.apply(mutations[index]) }
            case "log": for index in rows.activities.shuffled(using: &order) { table.apply(mutations[index]) }
            default:
                for change in StatusChange.folded(rows.updates.map { mutations[$0] }).shuffled(using: &order) {
                    guard var task = table.tasks[BinaryID(change.id)] else { continue }
                    task.status = change.status
                    task.error = change.error
                    task.updatedAt = change.updatedAt
                    task.startedAt = task.startedAt ?? change.startedAt
                    task.completedAt = change.completedAt ?? task.completedAt
                    table.apply(.save(task))
                }
            }
        }
    }
}

extension BatchSection {
    fileprivate var indexes: [Int] {
        switch self {
        case .rows(let rows): rows.deletes + rows.saves + rows.updates + rows.activities
        case .barrier(let index): [index]
        }
    }
}

extension TaskTable {
    /// The activities of the tasks of ``RandomMutations``.
    var randomActivities: [[TaskActivityLog]] { RandomMutations.taskIDs.map { activities.activities(taskID: $0) } }
}
