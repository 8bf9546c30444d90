#if SQLite
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The queries, prepared on a connection of their own. In WAL mode, they run while another connection writes a
    /// batch.
    final class ReadSession: Session, PreparedSession {
        private let connection: Connection
        private let task: Statement
        let tasksOfDAG: Statement
        private let openTasks: Statement
        private let endedTasks: Statement
        let pendingTasks: Statement
        let resumableTasks: Statement
        let activitiesOfTask: Statement
        let activitiesOfDAG: Statement
        let deadLetters: Statement

        /// Opens a database. Its tables must exist.
        convenience init(_ settings: ConnectionSettings) throws(StoreError) {
            try self.init(Connection(path: settings.path, access: .readOnly, busyTimeout: settings.busyTimeout))
        }

        init(_ connection: Connection) throws(StoreError) {
            self.connection = connection
            func tasks(_ name: String, where condition: String) throws(StoreError) -> Statement {
                try Statement("SELECT \(Columns.task) FROM dag_tasks WHERE \(condition)", named: name, on: connection)
            }
            func activities(_ name: String, where condition: String) throws(StoreError) -> Statement {
                let order = "ORDER BY created_at, id LIMIT ?2 OFFSET ?3"
                return try Statement(
                    "SELECT \(Columns.activity) FROM dag_task_activity_logs WHERE \(condition) \(order)", named: name,
                    on: connection)
            }
            // SQLite uses a partial index only for a query that repeats the index's condition word for word.
            let open = "status IN ('pending', 'running')"
            let page = "ORDER BY created_at, id LIMIT ?2 OFFSET ?3"
            task = try tasks("read task", where: "id = ?1")
            tasksOfDAG = try tasks("list tasks of DAG", where: "dag_id = ?1 \(page)")
            openTasks = try tasks("list tasks by status", where: "\(open) AND status = ?1 \(page)")
            endedTasks = try tasks("list tasks by status", where: "status = ?1 \(page)")
            pendingTasks = try tasks(
                "list pending tasks",
                where: "\(open) AND status = 'pending' ORDER BY priority DESC, created_at, id LIMIT ?1")
            resumableTasks = try tasks(
                "list resumable tasks",
                where: """
                    dag_id = ?1 AND (\(open) OR (status = 'failed' AND retry_count < max_retries)) \
                    ORDER BY created_at, id
                    """)
            activitiesOfTask = try activities("list activities of task", where: "task_id = ?1")
            activitiesOfDAG = try activities("list activities of DAG", where: "dag_id = ?1")
            deadLetters = try Statement(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter \
                WHERE (log_id, position) > (?1, ?2) AND log_id BETWEEN ?3 AND ?4 ORDER BY log_id, position LIMIT ?5
                """, named: "list dead letters", on: connection)
        }

        func task(id: String) throws(StoreError) -> PersistentTask? {
            task.bind(id)
            return try task.first { (row) throws(StoreError) in try row.task() }
        }

        func tasks(ids: [String]) throws(StoreError) -> [PersistentTask] {
            var found: [PersistentTask] = []
            for id in ids {
                if let task = try task(id: id) { found.append(task) }
            }
            return found
        }

        func query(for status: TaskStatus) -> Statement {
            status == .pending || status == .running ? openTasks : endedTasks
        }

        /// Returns the lanes of a log. The call is rare, so its statement isn't prepared in advance.
        func checkpoints(log: LogID) throws(StoreError) -> [SinkCheckpoint] {
            let statement = try Statement(
                """
                SELECT part, epoch, position, parts, owner, claimed_at, flushed_at FROM wal_sink_checkpoint \
                WHERE log_id = ? ORDER BY part
                """, named: "list checkpoints", on: connection)
            statement.bind(log.description)
            return try statement.all { (row) throws(StoreError) in row.checkpoint() }
        }

        /// Runs a query. Throws `busy` if another process may have changed the file of an inspected database.
        func whileUnchanged<Rows>(_ query: () throws(StoreError) -> Rows) throws(StoreError) -> Rows {
            let rows = Result { () throws(StoreError) in try query() }
            try connection.requireUnchanged()
            return try rows.get()
        }

        /// Throws unless the tables can be read.
        func ping() throws(StoreError) {
            try connection.execute("SELECT count(*) FROM wal_sink_checkpoint")
        }
    }
#endif
