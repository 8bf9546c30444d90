#if SQLite
    internal import WALTasks

    extension DeadLetterTable {
        init(_ connection: Connection) throws(StoreError) {
            self.init(
                insert: try Statement(
                    """
                    INSERT INTO wal_sink_dead_letter (\(Columns.deadLetter)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
                    ON CONFLICT (log_id, position) DO NOTHING
                    """, named: "insert dead letter", on: connection),
                read: try Statement(
                    "SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter WHERE log_id = ? AND position = ?",
                    named: "read dead letter", on: connection),
                remove: try Statement(
                    "DELETE FROM wal_sink_dead_letter WHERE log_id = ? AND position = ?", named: "remove dead letter",
                    on: connection))
        }
    }
#endif
