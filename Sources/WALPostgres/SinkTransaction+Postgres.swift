#if Postgres
    public import WALTasks

    extension SinkTransaction {
        /// Runs a statement once for many rows, with an array for each column. Works only in a ``PostgresSink``.
        ///
        /// `executeMany` makes such a statement from an `INSERT` of one row of values by itself. This function is for
        /// other statements:
        ///
        /// ```swift
        /// try transaction.execute(
        ///     """
        ///     UPDATE orders SET total = rows.total FROM unnest($1::text[], $2::bigint[]) AS rows (id, total)
        ///     WHERE orders.id = rows.id
        ///     """,
        ///     columnsOf: orders.map { [.text($0.id), SQLValue($0.total)] })
        /// ```
        ///
        /// The arrays are `text[]`, `json[]`, `int[]`, `bigint[]`, `float8[]`, `bytea[]` or `timestamptz[]`. For
        /// columns of other types, cast the elements, such as in `SELECT a::uuid FROM unnest($1::text[]) AS rows (a)`.
        /// A `text[]` takes numbers and times, too. Unlike in `executeMany`, a statement with `ON CONFLICT DO UPDATE`
        /// can change a row only once.
        ///
        /// - Parameters:
        ///   - sql: One statement, with a parameter `$1`, `$2` and so on for each array.
        ///   - rows: The rows. Each has a value for each array, in their order.
        /// - Returns: The number of rows that the statement inserted, updated or deleted.
        /// - Throws: The errors of `execute`, and `StoreError`:
        ///   - `invalidArgument` if a value isn't of its array's type, if a parameter isn't one of these arrays, or if
        ///     the sink isn't a ``PostgresSink``
        ///   - `rowRefused` if an `int[]` can't hold a number
        @discardableResult
        public func execute(_ sql: String, columnsOf rows: [[SQLValue]]) throws(StoreError) -> Int {
            try run { (session) throws(StoreError) in
                guard let session = session as? SinkSession else {
                    throw session.connection.error(
                        .invalidArgument, "only PostgreSQL takes columns: use executeMany", statement: sql)
                }
                return rows.isEmpty ? 0 : try session.execute(sql, columnsOf: rows)
            }
        }
    }
#endif
