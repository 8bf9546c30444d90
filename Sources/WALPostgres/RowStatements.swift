#if Postgres
    internal import WALTasks

    /// Writes the rows of a section in one statement. The columns are arrays, so the text doesn't depend on the number
    /// of rows.
    struct RowStatements {
        private let connection: Connection
        private let rows = RowSet()

        /// The outcome of a batch in one statement.
        struct Outcome {
            /// Whether every lane had the expected epoch and position. Otherwise nothing was written.
            var isOwner: Bool
            var rowCount: Int
        }

        init(_ connection: Connection) throws(StoreError) {
            self.connection = connection
            try connection.prepare(
                """
                WITH \(LaneStatements.move(.ofStores)), \(Self.branches(from: LaneStatements.moveParameterCount + 1, isFenced: true)) \
                SELECT (SELECT is_owner FROM fence), \(Self.counts)
                """, named: Self.fenced)
            try connection.prepare(
                "WITH \(Self.branches(from: 1, isFenced: false)) SELECT true, \(Self.counts)", named: Self.plain)
        }

        /// Moves the lanes and writes the rows, or does neither.
        func apply(
            _ section: RowSection, of operations: [TaskBatch.Operation], moving lanes: LaneMove
        ) throws(StoreError) -> Outcome {
            try run(Self.fenced, section, operations, lanes.parameters)
        }

        /// Writes the rows. Returns the number of rows that it wrote or removed.
        func apply(_ section: RowSection, of operations: [TaskBatch.Operation]) throws(StoreError) -> Int {
            try run(Self.plain, section, operations, ParameterList()).rowCount
        }

        private func run(
            _ statement: String, _ section: RowSection, _ operations: [TaskBatch.Operation], _ before: ParameterList
        ) throws(StoreError) -> Outcome {
            rows.fill(section, of: operations)
            var parameters = before
            rows.append(to: &parameters)
            let outcome = try connection.run(statement, parameters).first { (row) throws(StoreError) in
                Outcome(isOwner: row.number() == 1, rowCount: Int(row.number()))
            }
            return outcome ?? Outcome(isOwner: false, rowCount: 0)
        }

        private static let fenced = "apply batch"
        private static let plain = "apply rows"
        private static let counts = """
            (SELECT count(*) FROM saved) + (SELECT count(*) FROM logged) + (SELECT count(*) FROM changed) + \
            (SELECT count(*) FROM removed)
            """

        /// Returns the four kinds of changes as parts of a `WITH`. All of them see the tables as they were before the
        /// statement, so no two of them may touch one row. A ``RowSection`` guarantees that.
        private static func branches(from first: Int, isFenced: Bool) -> String {
            let fence = isFenced ? "(SELECT is_owner FROM fence)" : "true"
            var next = first
            func arrays(_ columns: String) -> String {
                let types = Columns.types(columns)
                defer { next += types.count }
                return types.enumerated().map { "$\(next + $0.offset)::\($0.element.array.type)" }
                    .joined(separator: ", ")
            }
            let replaced = Columns.replaced.map { "\($0) = excluded.\($0)" }
            return """
                saved AS (INSERT INTO dag_tasks (\(Columns.task)) \
                SELECT * FROM unnest(\(arrays(Columns.task))) WHERE \(fence) \
                ON CONFLICT (id) DO UPDATE SET \(replaced.joined(separator: ", ")) RETURNING 1), \
                logged AS (INSERT INTO dag_task_activity_logs (\(Columns.activity)) \
                SELECT * FROM unnest(\(arrays(Columns.activity))) WHERE \(fence) ON CONFLICT (id) DO NOTHING RETURNING 1), \
                changed AS (UPDATE dag_tasks AS t SET status = c.status, error = c.error, updated_at = c.updated_at, \
                started_at = coalesce(t.started_at, c.started_at), completed_at = coalesce(c.completed_at, t.completed_at) \
                FROM unnest(\(arrays(Columns.change))) AS c (\(Columns.change)) \
                WHERE t.id = c.id AND \(fence) RETURNING 1), \
                removed AS (DELETE FROM dag_tasks WHERE id = ANY($\(next)::text[]) AND \(fence) RETURNING 1)
                """
        }
    }
#endif
