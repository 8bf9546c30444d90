#if Postgres
    internal import WAL
    internal import WALTasks

    /// Sets operations aside in `wal_sink_dead_letter`, within the transaction of their batch. Reads and removes them
    /// later.
    struct DeadLetterStatements: DeadLetterTable {
        private let connection: Connection

        init(_ connection: Connection) throws(StoreError) {
            self.connection = connection
            // DO NOTHING: a restored database may have set the record aside already, and that must not stop the sink.
            try connection.prepare(
                """
                INSERT INTO wal_sink_dead_letter (\(Columns.deadLetter)) VALUES ($1::text, $2::int8, $3::int4, $4::text, \
                $5::text, $6::bytea, $7::text, $8::text, $9::timestamptz) ON CONFLICT (log_id, position) DO NOTHING
                """, named: Self.insert)
            // The lock makes a second redrive wait for the first. Then the second one finds no letter.
            try connection.prepare(
                """
                SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter \
                WHERE log_id = $1::text AND position = $2::int8 FOR UPDATE
                """, named: Self.read)
            try connection.prepare(
                "DELETE FROM wal_sink_dead_letter WHERE log_id = $1::text AND position = $2::int8", named: Self.remove)
        }

        private static let insert = "insert dead letter"
        private static let read = "read dead letter"
        private static let remove = "remove dead letter"

        func insert(_ letter: StoredDeadLetter) throws(StoreError) {
            var parameters = ParameterList()
            parameters.append(letter.id)
            parameters.append(letter.lane.map { Int32(clamping: $0) })
            parameters.append(letter.kind)
            // The server may have refused the row because of a NUL in its id, and would refuse that here, too. The body
            // has the id unchanged.
            parameters.append(letter.rowID?.withoutNUL)
            parameters.append(letter.body)
            parameters.append(letter.code)
            parameters.append(letter.reason.withoutNUL)
            parameters.append(letter.time)
            try connection.run(Self.insert, parameters)
        }

        func letter(_ id: StoredDeadLetter.ID) throws(StoreError) -> StoredDeadLetter? {
            var parameters = ParameterList()
            parameters.append(id)
            return try connection.run(Self.read, parameters).first { (row) throws(StoreError) in
                try row.deadLetter()
            }
        }

        func remove(_ id: StoredDeadLetter.ID) throws(StoreError) {
            var parameters = ParameterList()
            parameters.append(id)
            try connection.run(Self.remove, parameters)
        }
    }

    extension String {
        fileprivate var withoutNUL: String {
            utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self
        }
    }
#endif
