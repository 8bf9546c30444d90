#if Postgres
    public import WALTasks

    extension SinkTransaction {
        /// Runs a statement once for many rows, of which each column is an array. Only in a ``PostgresSink``.
        ///
        /// An `INSERT` of one row of values becomes such a statement by itself in `executeMany`. This form is for the others:
        ///
        /// ```swift
        /// try transaction.execute(
        ///     "UPDATE orders SET total = rows.total FROM unnest($1::text[], $2::bigint[]) AS rows (id, total) WHERE orders.id = rows.id",
        ///     columnsOf: orders.map { [.text($0.id), SQLValue($0.total)] })
        /// ```
        ///
        /// The arrays are `text[]`, `json[]`, `int[]`, `bigint[]`, `float8[]`, `bytea[]` or `timestamptz[]`. Cast their elements for columns of
        /// other types, such as `SELECT a::uuid FROM unnest($1::text[]) AS rows (a)`: a `text[]` takes numbers and times, too. Unlike with
        /// `executeMany`, a statement with `ON CONFLICT DO UPDATE` takes a row once only.
        ///
        /// - Returns: The number of rows that it changed.
        /// - Throws: `StoreError`: as `execute`, and `invalidArgument` for a value that isn't of its array's type.
        @discardableResult
        public func execute(_ sql: String, columnsOf rows: [[SQLValue]]) throws(StoreError) -> Int {
            try run { (session) throws(StoreError) in
                guard let session = session as? SinkSession else {
                    throw session.error(
                        .invalidArgument, "only PostgreSQL takes columns: use executeMany", statement: sql)
                }
                return rows.isEmpty ? 0 : try session.execute(sql, columnsOf: rows)
            }
        }
    }
#endif
