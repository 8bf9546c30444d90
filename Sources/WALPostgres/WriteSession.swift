#if Postgres
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The changes, prepared on a connection that writes.
    final class WriteSession: Session, ChangeSession {
        let connection: Connection
        let lanes: LaneStatements
        let rows: RowStatements
        let deadLetters: DeadLetterTable
        private let deleteDAG: Statement
        private let removeTasks: Statement
        private let removeActivities: Statement
        var activities = ActivityRows()
        var copyPace = FormPace()

        /// Connects, and creates or migrates the tables.
        init(_ settings: ConnectionSettings) throws(StoreError) {
            // Every statement except one must use an index, even if it is prepared while the tables are empty. Its plan
            // stays. A plan made from the statistics of an empty table would later read all of a full one.
            let connection = try Connection(
                settings,
                variables: [
                    "enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off", "jit = off",
                    "plan_cache_mode = force_generic_plan",
                ])
            self.connection = connection
            try Schema.migrate(connection)
            lanes = try LaneStatements(connection, .ofStores)
            rows = try RowStatements(connection)
            deadLetters = try DeadLetterTable(connection)
            deleteDAG = try Statement(
                "DELETE FROM dag_tasks WHERE dag_id = $1::text", named: "delete DAG", on: connection)
            removeTasks = try Statement(
                """
                DELETE FROM dag_tasks WHERE status IN ('completed', 'failed', 'cancelled') \
                AND updated_at < $1::timestamptz
                """, named: "remove tasks", on: connection)
            removeActivities = try Statement(
                "DELETE FROM dag_task_activity_logs WHERE created_at < $1::timestamptz", named: "remove activities",
                on: connection)
        }

        func write(_ mutations: [TaskMutation]) throws(StoreError) {
            let operations = mutations.map { TaskBatch.Operation($0) }
            try write(BatchSection.pieces(of: operations), of: operations)
        }

        private func write(_ sections: [BatchSection], of operations: [TaskBatch.Operation]) throws(StoreError) {
            for section in sections { _ = try apply(section, of: operations) }
        }

        /// Applies changes that didn't come through a log, all or none.
        func commit(_ mutations: [TaskMutation]) throws(StoreError) {
            let operations = mutations.map { TaskBatch.Operation($0) }
            let sections = BatchSection.pieces(of: operations)
            if let only = sections.first, sections.count == 1, case .rows = only {
                _ = try connection.committing { () throws(StoreError) in try apply(only, of: operations) }
            } else if !sections.isEmpty {
                try connection.transaction { () throws(StoreError) in try write(sections, of: operations) }
            }
        }

        /// Applies a section. Returns the number of rows that it wrote or removed.
        func apply(_ section: BatchSection, of operations: [TaskBatch.Operation]) throws(StoreError) -> Int {
            switch section {
            case .rows(let rows): return try self.rows.apply(rows, of: operations)
            case .barrier(let index):
                // A removal has no time limit. If a limit ended it, it would begin again, and all later changes would
                // wait.
                try connection.execute("SET LOCAL statement_timeout = 0", named: "remove")
                let count = try remove(operations[index].mutation)
                try connection.execute("SET LOCAL \(connection.settings.statementLimit)", named: "remove")
                return count
            }
        }

        private func remove(_ mutation: TaskMutation) throws(StoreError) -> Int {
            switch mutation {
            case .deleteDAG(let id):
                deleteDAG.bind(id)
                return try deleteDAG.run()
            case .removeTasks(let time):
                removeTasks.bind(time)
                return try removeTasks.run()
            case .removeActivities(let time):
                removeActivities.bind(time)
                return try removeActivities.run()
            case .save, .log, .updateStatus, .delete: return 0
            }
        }
    }
#endif
