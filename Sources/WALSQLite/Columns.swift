#if SQLite
    internal import WAL
    internal import WALTasks

    /// The columns of the tables, in the order in which statements write and read them.
    enum Columns {
        static let task = """
            id, dag_id, node_id, current_node_id, sub_dag_path, processing_state, payload, status, created_at, updated_at, \
            started_at, completed_at, error, retry_count, max_retries, priority
            """
        static let activity = "id, task_id, dag_id, node_id, action, message, data, level, created_at"
    }

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
