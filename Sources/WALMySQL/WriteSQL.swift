#if MySQL
    internal import WALTasks

    /// The statements that change tables, for rows of a ``RowTable``.
    enum WriteSQL {
        private static func insert(_ name: String, _ table: String, _ columns: String, orUpdate: String) -> RowSQL {
            let count = columns.split(separator: ",").count
            let marks = Array(repeating: "?", count: count).joined(separator: ",")
            return RowSQL(
                name: name, head: "INSERT INTO \(table) (\(columns)) VALUES ", row: "(\(marks))",
                tail: " ON DUPLICATE KEY UPDATE \(orUpdate)", isUpsert: true)
        }

        // ON DUPLICATE KEY applies to any unique key, and the tables have only their primary keys.
        static let saveTasks = insert(
            "save tasks", "dag_tasks", Columns.task,
            orUpdate: Columns.replaced.map { "\($0) = VALUES(\($0))" }.joined(separator: ", "))

        // INSERT IGNORE would also accept values that don't fit.
        static let logActivities = insert(
            "log activities", "dag_task_activity_logs", Columns.activity, orUpdate: "id = id")

        static let updateStatuses = RowSQL(
            name: "update statuses",
            head: "UPDATE dag_tasks SET ",
            row: """
                status = ?, error = ?, updated_at = ?, started_at = COALESCE(started_at, ?), \
                completed_at = COALESCE(?, completed_at) WHERE id = ?
                """,
            isRepeatable: false)

        static let deleteTasks = RowSQL(
            name: "delete tasks", head: "DELETE FROM dag_tasks WHERE id IN (", row: "?", tail: ")")

        // The largest number of rows that one statement removes, so that none reaches the statement timeout.
        static let partSize = 10_000

        static let deleteDAG = RowSQL(
            name: "delete DAG", head: "DELETE FROM dag_tasks WHERE ", row: "dag_id = ? LIMIT \(partSize)",
            isRepeatable: false)

        static let removeTasks = RowSQL(
            name: "remove tasks", head: "DELETE FROM dag_tasks WHERE ",
            row: "status IN ('completed', 'failed', 'cancelled') AND updated_at < ? LIMIT \(partSize)",
            isRepeatable: false)

        static let removeActivities = RowSQL(
            name: "remove activities", head: "DELETE FROM dag_task_activity_logs WHERE ",
            row: "created_at < ? LIMIT \(partSize)", isRepeatable: false)

        static func claimLanes(_ table: PositionTable) -> RowSQL {
            RowSQL(
                name: "claim lanes",
                head: """
                    INSERT INTO \(table.name) (\(table.key), part, parts, epoch, position, owner, claimed_at) VALUES \

                    """, row: "(?,?,?,1,0,?,?)",
                tail: """
                     ON DUPLICATE KEY UPDATE epoch = epoch + 1, owner = VALUES(owner), claimed_at = VALUES(claimed_at)
                    """, isUpsert: true)
        }

        static func moveLanes(_ table: PositionTable) -> RowSQL {
            RowSQL(
                name: "move lanes", head: "UPDATE \(table.name) SET ",
                row: """
                    position = ?, flushed_at = ? WHERE \(table.key) = ? AND part BETWEEN ? AND ? AND epoch = ? \
                    AND position = ?
                    """, isRepeatable: false)
        }

        static let insertDeadLetters = insert(
            "insert dead letter", "wal_sink_dead_letter", Columns.deadLetter, orUpdate: "log_id = log_id")
    }
#endif
