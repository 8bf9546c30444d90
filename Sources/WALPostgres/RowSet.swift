#if Postgres
    internal import WALTasks

    /// The rows of one statement of ``RowStatements``, column by column.
    final class RowSet {
        private let tasks = Columns.types(Columns.task).map { BinaryArray($0) }
        private let activities = Columns.types(Columns.activity).map { BinaryArray($0) }
        private let changes = Columns.types(Columns.change).map { BinaryArray($0) }
        private let deletes = BinaryArray(.text)

        /// Replaces the rows with those of a section.
        func fill(_ section: RowSection, of operations: [TaskBatch.Operation]) {
            for array in tasks + activities + changes { array.clear() }
            deletes.clear()
            for index in section.saves {
                if case .save(let task) = operations[index].mutation { append(task) }
            }
            for index in section.activities {
                if case .log(let activity) = operations[index].mutation { append(activity) }
            }
            for index in section.deletes {
                if case .delete(let id) = operations[index].mutation { deletes.append(id) }
            }
            if section.updates.isEmpty { return }
            for change in StatusChange.folded(section.updates.lazy.map { operations[$0].mutation }) { append(change) }
        }

        func append(to parameters: inout ParameterList) {
            for array in tasks + activities + changes { parameters.append(array) }
            parameters.append(deletes)
        }

        private func append(_ task: PersistentTask) {
            tasks[0].append(task.id)
            tasks[1].append(task.dagID)
            tasks[2].append(task.nodeID)
            tasks[3].append(task.currentNodeID)
            tasks[4].append(task.subDAGPath)
            tasks[5].append(task.processingState)
            tasks[6].append(task.payload)
            tasks[7].append(task.status.rawValue)
            tasks[8].append(task.createdAt)
            tasks[9].append(task.updatedAt)
            tasks[10].append(task.startedAt)
            tasks[11].append(task.completedAt)
            tasks[12].append(task.error)
            tasks[13].append(task.retryCount)
            tasks[14].append(task.maxRetries)
            tasks[15].append(task.priority)
        }

        private func append(_ activity: TaskActivityLog) {
            activities[0].append(activity.id)
            activities[1].append(activity.taskID)
            activities[2].append(activity.dagID)
            activities[3].append(activity.nodeID)
            activities[4].append(activity.action)
            activities[5].append(activity.message)
            activities[6].append(activity.data)
            activities[7].append(activity.level)
            activities[8].append(activity.createdAt)
        }

        private func append(_ change: StatusChange) {
            changes[0].append(change.id)
            changes[1].append(change.status.rawValue)
            changes[2].append(change.error)
            changes[3].append(change.updatedAt)
            changes[4].append(change.startedAt)
            changes[5].append(change.completedAt)
        }
    }
#endif
