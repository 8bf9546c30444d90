#if Postgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The queries, prepared on a connection of their own. They run while another connection writes a batch.
    final class ReadSession: Session, QuerySession {
        let connection: Connection
        let queries: TaskQueries<Statement>
        let deadLetters: Statement
        private let tasksByID: Statement

        /// Connects to a database. Its tables must exist.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings)
            self.connection = connection
            queries = try TaskQueries(text: { "$\($0)::text" }, number: { "$\($0)::int8" }) {
                (sql, name) throws(StoreError) in try Statement(sql, named: name, on: connection)
            }
            tasksByID = try Statement(
                "SELECT \(Columns.task) FROM dag_tasks WHERE id = ANY($1::text[])", named: "read tasks", on: connection)
            deadLetters = try Statement(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter WHERE (log_id, position) > ($1::text, $2::int8) \
                AND log_id BETWEEN $3::text AND $4::text ORDER BY log_id, position LIMIT $5::int8
                """, named: "list dead letters", on: connection)
        }

        func tasks(ids: [String]) throws(StoreError) -> [PersistentTask] {
            let array = BinaryArray(.text)
            for id in ids { array.append(id) }
            tasksByID.bind(array)
            return try tasksByID.tasks()
        }

        /// Throws unless the tables can be read.
        func ping() throws(StoreError) {
            try connection.execute("SELECT FROM wal_sink_checkpoint LIMIT 1", named: "ping")
        }
    }
#endif
