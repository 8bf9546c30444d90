#if Postgres
    internal import WALTasks

    extension DeadLetterTable {
        init(_ connection: Connection) throws(StoreError) {
            self.init(
                insert: try Statement(
                    """
                    INSERT INTO wal_sink_dead_letter (\(Columns.deadLetter)) VALUES ($1::text, $2::int8, $3::int8, \
                    $4::text, $5::text, $6::bytea, $7::text, $8::text, $9::timestamptz) \
                    ON CONFLICT (log_id, position) DO NOTHING
                    """, named: "insert dead letter", on: connection),
                // The lock makes a second redrive wait for the first. Then the second one finds no letter.
                read: try Statement(
                    """
                    SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter \
                    WHERE log_id = $1::text AND position = $2::int8 FOR UPDATE
                    """, named: "read dead letter", on: connection),
                remove: try Statement(
                    "DELETE FROM wal_sink_dead_letter WHERE log_id = $1::text AND position = $2::int8",
                    named: "remove dead letter", on: connection), storesNUL: false)
        }
    }
#endif
