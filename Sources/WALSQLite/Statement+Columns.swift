#if SQLite
    internal import WAL
    internal import WALTasks

    extension Statement {
        func bind(_ task: PersistentTask) {
            bind(task.id)
            bind(task.dagID)
            bind(task.nodeID)
            bind(task.currentNodeID)
            bind(task.subDAGPath)
            bind(task.processingState)
            bind(task.payload)
            bind(task.status.rawValue)
            bind(task.createdAt.rawValue)
            bind(task.updatedAt.rawValue)
            bind(task.startedAt?.rawValue)
            bind(task.completedAt?.rawValue)
            bind(task.error)
            bind(Int64(task.retryCount))
            bind(Int64(task.maxRetries))
            bind(Int64(task.priority))
        }

        func bind(_ activity: TaskActivityLog) {
            bind(activity.id)
            bind(activity.taskID)
            bind(activity.dagID)
            bind(activity.nodeID)
            bind(activity.action)
            bind(activity.message)
            bind(activity.data)
            bind(activity.level)
            bind(activity.createdAt.rawValue)
        }

        func bind(_ letter: StoredDeadLetter) {
            bind(letter.id)
            bind(letter.lane.map(Int64.init))
            bind(letter.kind)
            bind(letter.rowID)
            bind(letter.body[...])
            bind(letter.code)
            bind(letter.reason)
            bind(letter.time.rawValue)
        }

        func bind(_ id: StoredDeadLetter.ID) {
            bind(id.log.description)
            bind(Int64(bitPattern: id.sequence.rawValue))
        }
    }
#endif
