#if Postgres
    internal import WAL
    internal import WALTasks

    /// The rows of one statement of ``RowStatements``, column by column.
    final class RowSet {
        private let tasks = ColumnArrays(Columns.task)
        private let activities = ColumnArrays(Columns.activity)
        private let changes = ColumnArrays(Columns.change)
        private let deletes = BinaryArray(.text)

        private var arrays: [BinaryArray] { tasks.arrays + activities.arrays + changes.arrays + [deletes] }

        /// Replaces the rows with those of a section.
        func fill(_ section: RowSection, of operations: [TaskBatch.Operation]) {
            for array in arrays { array.clear() }
            for index in section.saves {
                if case .save(let task) = operations[index].mutation { tasks.add(task) }
            }
            for index in section.activities {
                if case .log(let activity) = operations[index].mutation { activities.add(activity) }
            }
            for index in section.deletes {
                if case .delete(let id) = operations[index].mutation { deletes.append(id) }
            }
            if section.updates.isEmpty { return }
            for change in StatusChange.folded(section.updates.lazy.map { operations[$0].mutation }) { add(change) }
        }

        func append(to parameters: inout ParameterList) {
            for array in arrays { parameters.append(array) }
        }

        private func add(_ change: StatusChange) {
            changes.add(change.id)
            changes.add(change.status.rawValue)
            changes.add(change.error)
            changes.add(change.updatedAt)
            changes.add(change.startedAt)
            changes.add(change.completedAt)
        }
    }

    /// The columns of rows, with an array for each.
    private final class ColumnArrays: RowWriter {
        let arrays: [BinaryArray]
        /// The index of the next value's column.
        private var column = 0

        init(_ columns: String) {
            arrays = Columns.types(columns).map { BinaryArray($0) }
        }

        func add(_ text: String?) { next().append(text) }
        func add(_ number: Int32) { next().append(number) }
        func add(_ time: Timestamp?) { next().append(time) }

        private func next() -> BinaryArray {
            defer { column = column + 1 < arrays.count ? column + 1 : 0 }
            return arrays[column]
        }
    }
#endif
