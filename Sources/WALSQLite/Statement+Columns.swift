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
    }
#endif
