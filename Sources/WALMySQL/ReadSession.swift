#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The queries, prepared on a connection of their own. They run while another connection writes a batch.
    final class ReadSession: Session, QuerySession {
        static let isReadOnly = true
        let connection: Connection
        let queries: TaskQueries<Statement>
        let deadLetters: Statement
        private let tasksByID: Statement

        /// The number of ids that one query looks up.
        private static let lookupSize = 100

        /// Connects to a database. Its tables must exist.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            let connection = try Connection(settings, access: .readOnly)
            self.connection = connection
            queries = try TaskQueries(text: { _ in "?" }, number: { _ in "?" }, hasOpenIndex: false) {
                (sql, name) throws(StoreError) in try Statement(sql, named: name, on: connection)
            }
            let marks = Array(repeating: "?", count: Self.lookupSize).joined(separator: ",")
            tasksByID = try Statement(
                "SELECT \(Columns.task) FROM dag_tasks WHERE id IN (\(marks))", named: "read tasks", on: connection)
            deadLetters = try Statement(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter \
                WHERE (log_id > ? OR (log_id = ? AND position > ?)) AND log_id BETWEEN ? AND ? \
                ORDER BY log_id, position LIMIT ?
                """, named: "list dead letters", on: connection)
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

        /// Binds the log of the letter before twice, for its two places in the query.
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

        /// Throws unless the tables can be read.
        func ping() throws(StoreError) {
            try Statement("SELECT COUNT(*) FROM wal_sink_schema", named: "ping", on: connection).run()
        }
    }
#endif
