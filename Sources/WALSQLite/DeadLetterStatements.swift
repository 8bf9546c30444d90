#if SQLite
    internal import WAL
    internal import WALTasks

    /// Sets operations aside in `wal_sink_dead_letter`, within the transaction of their batch. Reads and removes them
    /// later.
    struct DeadLetterStatements: DeadLetterTable {
        private let insert: Statement
        private let read: Statement
        private let remove: Statement

        init(_ connection: Connection) throws(StoreError) {
            // DO NOTHING: a restored database may have set the record aside already, and that must not stop the sink.
            insert = try Statement(
                """
                INSERT INTO wal_sink_dead_letter (\(Columns.deadLetter)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
                ON CONFLICT (log_id, position) DO NOTHING
                """, named: "insert dead letter", on: connection)
            read = try Statement(
                "SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter WHERE log_id = ? AND position = ?",
                named: "read dead letter", on: connection)
            remove = try Statement(
                "DELETE FROM wal_sink_dead_letter WHERE log_id = ? AND position = ?", named: "remove dead letter",
                on: connection)
        }

        func insert(_ letter: StoredDeadLetter) throws(StoreError) {
            insert.bind(letter)
            try insert.run()
        }

        func letter(_ id: StoredDeadLetter.ID) throws(StoreError) -> StoredDeadLetter? {
            read.bind(id)
            return try read.first { (row) throws(StoreError) in try row.deadLetter() }
        }

        func remove(_ id: StoredDeadLetter.ID) throws(StoreError) {
            remove.bind(id)
            try remove.run()
        }
    }
#endif
