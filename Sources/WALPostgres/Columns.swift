#if Postgres
    internal import WALTasks

    extension Columns {
        /// The columns of a ``StatusChange``.
        static let change = "id, status, error, updated_at, started_at, completed_at"

        /// Returns the types of the columns in such a list.
        static func types(_ columns: String) -> [BinaryArray.Element] {
            columns.split(separator: ", ").map { column in
                switch column {
                case "payload", "data": .json
                case "created_at", "updated_at", "started_at", "completed_at": .timestamp
                case "retry_count", "max_retries", "priority": .int4
                default: .text
                }
            }
        }
    }
#endif
