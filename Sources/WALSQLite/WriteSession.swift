#if SQLite
    internal import WAL
    internal import WALTasks

    /// The changes, prepared on the one connection that writes.
    final class WriteSession: Session, ChangeSession {
        let connection: Connection
        let lanes: LaneStatements
        let deadLetters: DeadLetterTable
        private let saveTask: Statement
        private let logActivity: Statement
        private let updateStatus: Statement
        private let deleteTask: Statement
        private let deleteDAG: Statement
        private let removeTasks: Statement
        private let removeActivities: Statement

        /// Opens the database, and creates or migrates its tables.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(
                path: settings.path, access: .readWrite, busyTimeout: settings.busyTimeout)
            try Schema.migrate(connection)
            self.connection = connection
            lanes = try LaneStatements(connection, .ofStores)
            deadLetters = try DeadLetterTable(connection)
            saveTask = try Statement(
                """
                INSERT INTO dag_tasks (\(Columns.task)) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) \
                ON CONFLICT (id) DO UPDATE SET \(Columns.replaced.map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
                """, named: "save task", on: connection)
            logActivity = try Statement(
                """
                INSERT INTO dag_task_activity_logs (\(Columns.activity)) VALUES (?,?,?,?,?,?,?,?,?) \
                ON CONFLICT (id) DO NOTHING
                """, named: "log activity", on: connection)
            updateStatus = try Statement(
                """
                UPDATE dag_tasks SET status = ?2, error = ?3, updated_at = ?4, \
                started_at = CASE WHEN ?2 = 'running' THEN coalesce(started_at, ?4) ELSE started_at END, \
                completed_at = CASE WHEN ?2 IN ('completed', 'failed', 'cancelled') THEN ?4 ELSE completed_at END \
                WHERE id = ?1
                """, named: "update status", on: connection)
            deleteTask = try Statement("DELETE FROM dag_tasks WHERE id = ?", named: "delete task", on: connection)
            deleteDAG = try Statement("DELETE FROM dag_tasks WHERE dag_id = ?", named: "delete DAG", on: connection)
            removeTasks = try Statement(
                "DELETE FROM dag_tasks WHERE status IN ('completed', 'failed', 'cancelled') AND updated_at < ?",
                named: "remove tasks", on: connection)
            removeActivities = try Statement(
                "DELETE FROM dag_task_activity_logs WHERE created_at < ?", named: "remove activities", on: connection)
        }

        func write(_ mutations: [TaskMutation]) throws(StoreError) {
            for mutation in mutations { try apply(mutation) }
        }

        /// Applies a change inside a transaction. Returns the number of rows that it wrote or removed.
        @discardableResult
        func apply(_ mutation: TaskMutation) throws(StoreError) -> Int {
            switch mutation {
            case .save(let task):
                saveTask.add(task)
                return try saveTask.run()
            case .log(let activity):
                logActivity.add(activity)
                return try logActivity.run()
            case .updateStatus(let id, let status, let error, let time):
                updateStatus.bind(id)
                updateStatus.bind(status.rawValue)
                updateStatus.bind(error)
                updateStatus.bind(time.rawValue)
                return try updateStatus.run()
            case .delete(let id):
                deleteTask.bind(id)
                return try deleteTask.run()
            case .deleteDAG(let id):
                deleteDAG.bind(id)
                return try deleteDAG.run()
            case .removeTasks(let time):
                removeTasks.bind(time.rawValue)
                return try removeTasks.run()
            case .removeActivities(let time):
                removeActivities.bind(time.rawValue)
                return try removeActivities.run()
            }
        }
    }
#endif
