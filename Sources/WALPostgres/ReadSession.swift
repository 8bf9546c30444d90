#if Postgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The queries, prepared on a connection of their own. They run while another connection writes a batch.
    final class ReadSession: Session, QuerySession {
        let connection: Connection

        /// Connects to a database. Its tables must exist.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            connection = try Connection(settings)
            let page = "ORDER BY created_at, id LIMIT $2::int8 OFFSET $3::int8"
            let isOpen = "status IN ('pending', 'running')"
            for (query, condition) in [
                (Query.task, "id = $1::text"),
                (.tasks, "id = ANY($1::text[])"),
                (.tasksOfDAG, "dag_id = $1::text \(page)"),
                // PostgreSQL uses a partial index only for a query that repeats the index's condition.
                (.openTasks, "\(isOpen) AND status = $1::text \(page)"),
                (.endedTasks, "status = $1::text \(page)"),
                (
                    .pendingTasks,
                    "\(isOpen) AND status = 'pending' ORDER BY priority DESC, created_at, id LIMIT $1::int8"
                ),
                (
                    .resumableTasks,
                    """
                    dag_id = $1::text AND (\(isOpen) OR (status = 'failed' AND retry_count < max_retries)) \
                    ORDER BY created_at, id
                    """
                ),
            ] {
                let columns = Columns.names(Columns.task)
                try connection.prepare("SELECT \(columns) FROM dag_tasks WHERE \(condition)", named: query.rawValue)
            }
            for (query, column) in [(Query.activitiesOfTask, "task_id"), (.activitiesOfDAG, "dag_id")] {
                let columns = Columns.names(Columns.activity)
                try connection.prepare(
                    "SELECT \(columns) FROM dag_task_activity_logs WHERE \(column) = $1::text \(page)",
                    named: query.rawValue)
            }
            // Every log id is hexadecimal, so it is between "" and "g".
            try connection.prepare(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter WHERE (log_id, position) > ($1::text, $2::int8) \
                AND log_id BETWEEN $3::text AND $4::text ORDER BY log_id, position LIMIT $5::int8
                """, named: Query.deadLetters.rawValue)
            try connection.prepare(
                """
                SELECT part, epoch, position, parts, owner, claimed_at, flushed_at FROM wal_sink_checkpoint \
                WHERE log_id = $1::text ORDER BY part
                """, named: Query.checkpoints.rawValue)
        }

        private enum Query: String {
            case task = "read task"
            case tasks = "read tasks"
            case tasksOfDAG = "list tasks of DAG"
            case openTasks = "list open tasks by status"
            case endedTasks = "list ended tasks by status"
            case pendingTasks = "list pending tasks"
            case resumableTasks = "list resumable tasks"
            case activitiesOfTask = "list activities of task"
            case activitiesOfDAG = "list activities of DAG"
            case deadLetters = "list dead letters"
            case checkpoints = "list checkpoints"
        }

        func task(id: String) throws(StoreError) -> PersistentTask? {
            try tasks(.task) { $0.append(id) }.first
        }

        func tasks(ids: [String]) throws(StoreError) -> [PersistentTask] {
            let array = BinaryArray(.text)
            for id in ids { array.append(id) }
            return try tasks(.tasks) { $0.append(array) }
        }

        func tasks(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask] {
            try tasks(.tasksOfDAG) { $0.append(page: dagID, limit, offset) }
        }

        func tasks(status: TaskStatus, limit: Int, offset: Int) throws(StoreError) -> [PersistentTask] {
            let query: Query = status == .pending || status == .running ? .openTasks : .endedTasks
            return try tasks(query) { $0.append(page: status.rawValue, limit, offset) }
        }

        func pendingTasks(limit: Int) throws(StoreError) -> [PersistentTask] {
            try tasks(.pendingTasks) { $0.append(Int64(limit)) }
        }

        func resumableTasks(dagID: String) throws(StoreError) -> [PersistentTask] {
            try tasks(.resumableTasks) { $0.append(dagID) }
        }

        func activities(taskID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog] {
            try activities(.activitiesOfTask) { $0.append(page: taskID, limit, offset) }
        }

        func activities(dagID: String, limit: Int, offset: Int) throws(StoreError) -> [TaskActivityLog] {
            try activities(.activitiesOfDAG) { $0.append(page: dagID, limit, offset) }
        }

        func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) throws(StoreError) -> [StoredDeadLetter] {
            var parameters = ParameterList()
            parameters.append(previous?.log.description ?? "")
            parameters.append(previous.map { Int64(bitPattern: $0.sequence.rawValue) } ?? 0)
            parameters.append(log?.description ?? "")
            parameters.append(log?.description ?? "g")
            parameters.append(Int64(limit))
            let result = try connection.run(Query.deadLetters.rawValue, parameters)
            return try result.all { (row) throws(StoreError) in try row.deadLetter() }
        }

        func checkpoints(log: LogID) throws(StoreError) -> [SinkCheckpoint] {
            var parameters = ParameterList()
            parameters.append(log.description)
            return try connection.run(Query.checkpoints.rawValue, parameters).all { (row) throws(StoreError) in
                row.checkpoint()
            }
        }

        /// Throws unless the tables can be read.
        func ping() throws(StoreError) {
            try connection.execute("SELECT FROM wal_sink_checkpoint LIMIT 1", named: "ping")
        }

        private func tasks(
            _ query: Query, _ fill: (inout ParameterList) -> Void
        ) throws(StoreError) -> [PersistentTask] {
            var parameters = ParameterList()
            fill(&parameters)
            return try connection.run(query.rawValue, parameters).all { (row) throws(StoreError) in try row.task() }
        }

        private func activities(
            _ query: Query, _ fill: (inout ParameterList) -> Void
        ) throws(StoreError) -> [TaskActivityLog] {
            var parameters = ParameterList()
            fill(&parameters)
            return try connection.run(query.rawValue, parameters).all { (row) throws(StoreError) in row.activity() }
        }
    }

    extension ParameterList {
        fileprivate mutating func append(page key: String, _ limit: Int, _ offset: Int) {
            append(key)
            append(Int64(limit))
            append(Int64(offset))
        }
    }
#endif
