#if Postgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The queries, prepared on a connection of their own. They run while another connection writes a batch.
    final class ReadSession: Session, PreparedSession {
        let connection: Connection
        private let task: Statement
        private let tasksByID: Statement
        let tasksOfDAG: Statement
        private let openTasks: Statement
        private let endedTasks: Statement
        let pendingTasks: Statement
        let resumableTasks: Statement
        let activitiesOfTask: Statement
        let activitiesOfDAG: Statement
        let deadLetters: Statement
        private let checkpoints: Statement

        /// Connects to a database. Its tables must exist.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings)
            self.connection = connection
            func tasks(_ name: String, where condition: String) throws(StoreError) -> Statement {
                let columns = Columns.names(Columns.task)
                return try Statement(
                    "SELECT \(columns) FROM dag_tasks WHERE \(condition)", named: name, on: connection)
            }
            let page = "ORDER BY created_at, id LIMIT $2::int8 OFFSET $3::int8"
            func activities(_ name: String, where condition: String) throws(StoreError) -> Statement {
                let columns = Columns.names(Columns.activity)
                return try Statement(
                    "SELECT \(columns) FROM dag_task_activity_logs WHERE \(condition) \(page)", named: name,
                    on: connection)
            }
            let isOpen = "status IN ('pending', 'running')"
            task = try tasks("read task", where: "id = $1::text")
            tasksByID = try tasks("read tasks", where: "id = ANY($1::text[])")
            tasksOfDAG = try tasks("list tasks of DAG", where: "dag_id = $1::text \(page)")
            // PostgreSQL uses a partial index only for a query that repeats the index's condition.
            openTasks = try tasks("list open tasks by status", where: "\(isOpen) AND status = $1::text \(page)")
            endedTasks = try tasks("list ended tasks by status", where: "status = $1::text \(page)")
            pendingTasks = try tasks(
                "list pending tasks",
                where: "\(isOpen) AND status = 'pending' ORDER BY priority DESC, created_at, id LIMIT $1::int8")
            resumableTasks = try tasks(
                "list resumable tasks",
                where: """
                    dag_id = $1::text AND (\(isOpen) OR (status = 'failed' AND retry_count < max_retries)) \
                    ORDER BY created_at, id
                    """)
            activitiesOfTask = try activities("list activities of task", where: "task_id = $1::text")
            activitiesOfDAG = try activities("list activities of DAG", where: "dag_id = $1::text")
            deadLetters = try Statement(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter WHERE (log_id, position) > ($1::text, $2::int8) \
                AND log_id BETWEEN $3::text AND $4::text ORDER BY log_id, position LIMIT $5::int8
                """, named: "list dead letters", on: connection)
            checkpoints = try Statement(
                """
                SELECT part, epoch, position, parts, owner, claimed_at, flushed_at FROM wal_sink_checkpoint \
                WHERE log_id = $1::text ORDER BY part
                """, named: "list checkpoints", on: connection)
        }

        func task(id: String) throws(StoreError) -> PersistentTask? {
            task.bind(id)
            return try task.tasks().first
        }

        func tasks(ids: [String]) throws(StoreError) -> [PersistentTask] {
            let array = BinaryArray(.text)
            for id in ids { array.append(id) }
            tasksByID.bind(array)
            return try tasksByID.tasks()
        }

        func query(for status: TaskStatus) -> Statement {
            status == .pending || status == .running ? openTasks : endedTasks
        }

        func checkpoints(log: LogID) throws(StoreError) -> [SinkCheckpoint] {
            checkpoints.bind(log.description)
            return try checkpoints.all { (row) throws(StoreError) in row.checkpoint() }
        }

        /// Throws unless the tables can be read.
        func ping() throws(StoreError) {
            try connection.execute("SELECT FROM wal_sink_checkpoint LIMIT 1", named: "ping")
        }
    }
#endif
