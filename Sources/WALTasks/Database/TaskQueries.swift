/// The prepared queries of a store that differ only in the form of their parameters.
///
/// A class, so that each call copies one reference from the session and not nine.
package final class TaskQueries<Query: PreparedQuery> {
    let task: Query
    let tasksOfDAG: Query
    let openTasks: Query
    let endedTasks: Query
    let pendingTasks: Query
    let resumableTasks: Query
    let activitiesOfTask: Query
    let activitiesOfDAG: Query
    let checkpoints: Query

    /// Prepares the queries. The tables must exist.
    ///
    /// - Parameters:
    ///   - text: Returns the parameter for a text by its number, from 1: for example `$1::text`.
    ///   - number: Returns the parameter for a number by its number, from 1.
    ///   - hasOpenIndex: Whether the table of tasks has a partial index of pending and running tasks. A server uses such
    ///     an index only for a query that repeats the index's condition word for word.
    ///   - prepare: Prepares a query under its name.
    package init(
        text: (Int) -> String, number: (Int) -> String, hasOpenIndex: Bool = true,
        prepare: (_ sql: String, _ name: String) throws(StoreError) -> Query
    ) throws(StoreError) {
        func tasks(_ name: String, where condition: String) throws(StoreError) -> Query {
            try prepare("SELECT \(Columns.task) FROM dag_tasks WHERE \(condition)", name)
        }
        let page = "ORDER BY created_at, id LIMIT \(number(2)) OFFSET \(number(3))"
        func activities(_ name: String, of key: String) throws(StoreError) -> Query {
            try prepare(
                "SELECT \(Columns.activity) FROM dag_task_activity_logs WHERE \(key) = \(text(1)) \(page)", name)
        }
        let isOpen = "status IN ('pending', 'running')"
        let inIndex = hasOpenIndex ? "\(isOpen) AND " : ""
        task = try tasks("read task", where: "id = \(text(1))")
        tasksOfDAG = try tasks("list tasks of DAG", where: "dag_id = \(text(1)) \(page)")
        endedTasks = try tasks("list tasks by status", where: "status = \(text(1)) \(page)")
        openTasks =
            hasOpenIndex
            ? try tasks("list open tasks by status", where: "\(inIndex)status = \(text(1)) \(page)") : endedTasks
        pendingTasks = try tasks(
            "list pending tasks",
            where: """
                \(inIndex)status = 'pending' ORDER BY priority DESC, created_at, id LIMIT \(number(1))
                """)
        resumableTasks = try tasks(
            "list resumable tasks",
            where: """
                dag_id = \(text(1)) AND (\(isOpen) OR (status = 'failed' AND retry_count < max_retries)) \
                ORDER BY created_at, id
                """)
        activitiesOfTask = try activities("list activities of task", of: "task_id")
        activitiesOfDAG = try activities("list activities of DAG", of: "dag_id")
        checkpoints = try prepare(
            """
            SELECT part, epoch, position, parts, owner, claimed_at, flushed_at FROM wal_sink_checkpoint \
            WHERE log_id = \(text(1)) ORDER BY part
            """, "list checkpoints")
    }
}
