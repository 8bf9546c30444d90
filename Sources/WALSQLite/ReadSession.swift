#if SQLite
    internal import WALTasks

    /// The queries, prepared on a connection of their own. In WAL mode, they run while another connection writes a
    /// batch.
    final class ReadSession: Session, QuerySession {
        private let connection: Connection
        let queries: TaskQueries<Statement>
        let deadLetters: Statement

        /// Opens a database. Its tables must exist.
        convenience init(_ settings: ConnectionSettings) throws(StoreError) {
            try self.init(Connection(path: settings.path, access: .readOnly, busyTimeout: settings.busyTimeout))
        }

        init(_ connection: Connection) throws(StoreError) {
            self.connection = connection
            queries = try TaskQueries(text: { "?\($0)" }, number: { "?\($0)" }) { (sql, name) throws(StoreError) in
                try Statement(sql, named: name, on: connection)
            }
            deadLetters = try Statement(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter \
                WHERE (log_id, position) > (?1, ?2) AND log_id BETWEEN ?3 AND ?4 ORDER BY log_id, position LIMIT ?5
                """, named: "list dead letters", on: connection)
        }

        func tasks(ids: [String]) throws(StoreError) -> [PersistentTask] {
            var found: [PersistentTask] = []
            for id in ids {
                if let task = try task(id: id) { found.append(task) }
            }
            return found
        }

        /// Throws unless the tables can be read.
        func ping() throws(StoreError) {
            try connection.execute("SELECT count(*) FROM wal_sink_checkpoint")
        }
    }
#endif
