#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The queries, prepared on a connection of their own. They run while another connection writes a batch.
    final class ReadSession: Session, PreparedSession {
        static let isReadOnly = true
        let connection: Connection
        private let task: Statement
        private let tasksByID: Statement
        let tasksOfDAG: Statement
        private let tasksByStatus: Statement
        let pendingTasks: Statement
        let resumableTasks: Statement
        let activitiesOfTask: Statement
        let activitiesOfDAG: Statement
        let deadLetters: Statement

        /// The number of ids that one query looks up.
        private static let lookupSize = 100

        /// Connects to a database. Its tables must exist.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings, access: .readOnly)
            self.connection = connection
            func tasks(_ name: String, where condition: String) throws(StoreError) -> Statement {
                try Statement("SELECT \(Columns.task) FROM dag_tasks WHERE \(condition)", named: name, on: connection)
            }
            let page = "ORDER BY created_at, id LIMIT ? OFFSET ?"
            func activities(_ name: String, where condition: String) throws(StoreError) -> Statement {
                try Statement(
                    "SELECT \(Columns.activity) FROM dag_task_activity_logs WHERE \(condition) \(page)", named: name,
                    on: connection)
            }
            task = try tasks("read task", where: "id = ?")
            let marks = Array(repeating: "?", count: Self.lookupSize).joined(separator: ",")
            tasksByID = try tasks("read tasks", where: "id IN (\(marks))")
            tasksOfDAG = try tasks("list tasks of DAG", where: "dag_id = ? \(page)")
            tasksByStatus = try tasks("list tasks by status", where: "status = ? \(page)")
            pendingTasks = try tasks(
                "list pending tasks", where: "status = 'pending' ORDER BY priority DESC, created_at, id LIMIT ?")
            resumableTasks = try tasks(
                "list resumable tasks",
                where: """
                    dag_id = ? AND (status IN ('pending', 'running') OR (status = 'failed' AND retry_count < max_retries)) \
                    ORDER BY created_at, id
                    """)
            activitiesOfTask = try activities("list activities of task", where: "task_id = ?")
            activitiesOfDAG = try activities("list activities of DAG", where: "dag_id = ?")
            deadLetters = try Statement(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter \
                WHERE (log_id > ? OR (log_id = ? AND position > ?)) AND log_id BETWEEN ? AND ? \
                ORDER BY log_id, position LIMIT ?
                """, named: "list dead letters", on: connection)
        }

        func task(id: String) throws(StoreError) -> PersistentTask? {
            task.bind(id)
            return try task.first { (row) throws(StoreError) in try row.task() }
        }

        func tasks(ids: [String]) throws(StoreError) -> [PersistentTask] {
            var found: [PersistentTask] = []
            var rest = ids[...]
            while let last = rest.last {
                let part = rest.prefix(Self.lookupSize)
                rest = rest.dropFirst(part.count)
                for id in part { tasksByID.bind(id) }
                for _ in part.count..<Self.lookupSize { tasksByID.bind(part.last ?? last) }
                found += try tasksByID.tasks()
            }
            return found
        }

        func query(for status: TaskStatus) -> Statement { tasksByStatus }

        func deadLetters(
            log: LogID?, after previous: StoredDeadLetter.ID?, limit: Int
        ) throws(StoreError) -> [StoredDeadLetter] {
            deadLetters.bind(previous?.log.description ?? "")
            deadLetters.bind(previous?.log.description ?? "")
            deadLetters.bind(previous.map { Int64(bitPattern: $0.sequence.rawValue) } ?? 0)
            // Every log id is hexadecimal, so it is between "" and "g".
            deadLetters.bind(log?.description ?? "")
            deadLetters.bind(log?.description ?? "g")
            deadLetters.bind(Int64(limit))
            return try deadLetters.letters()
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

        /// Throws unless the tables can be read.
        func ping() throws(StoreError) {
            try Statement("SELECT COUNT(*) FROM wal_sink_schema", named: "ping", on: connection).run()
        }
    }
#endif
