#if SQLite
    internal import WAL

    /// Sets records aside in `wal_sink_dead_letter`, inside the transaction of their batch.
    struct DeadLetterStatement {
        private let insert: Statement

        init(_ connection: Connection) throws(SQLiteError) {
            // DO NOTHING: a record that is set aside already, by a database that was restored since, must not stop the sink.
            insert = try Statement(
                """
                INSERT INTO wal_sink_dead_letter \
                (log_id, position, part, kind, row_id, body, error_code, error_message, created_at) \
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (log_id, position) DO NOTHING
                """, named: "insert dead letter", on: connection)
        }

        /// `part` is nil where several lanes moved together.
        func insert(
            _ letter: DeadLetter, of record: SinkRecord, kind: String, rowID: String?, log: String, part: Int?,
            at time: Timestamp
        ) throws(SQLiteError) {
            insert.bind(log)
            insert.bind(Int64(bitPattern: record.sequence.rawValue))
            insert.bind(part.map(Int64.init))
            insert.bind(kind)
            insert.bind(rowID)
            insert.bind(record.payload)
            insert.bind(letter.code)
            insert.bind(letter.reason)
            insert.bind(time.rawValue)
            try insert.run()
        }
    }
#endif
