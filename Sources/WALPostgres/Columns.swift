#if Postgres
    internal import WAL
    internal import WALTasks

    /// The columns of the tables, in the order in which statements write and read them.
    enum Columns {
        static let task: [(name: String, type: BinaryArray.Element)] = [
            ("id", .text), ("dag_id", .text), ("node_id", .text), ("current_node_id", .text), ("sub_dag_path", .text),
            ("processing_state", .text), ("payload", .json), ("status", .text), ("created_at", .timestamp),
            ("updated_at", .timestamp), ("started_at", .timestamp), ("completed_at", .timestamp), ("error", .text),
            ("retry_count", .int4), ("max_retries", .int4), ("priority", .int4),
        ]
        static let activity: [(name: String, type: BinaryArray.Element)] = [
            ("id", .text), ("task_id", .text), ("dag_id", .text), ("node_id", .text), ("action", .text),
            ("message", .text), ("data", .json), ("level", .text), ("created_at", .timestamp),
        ]
        /// The columns of a ``StatusChange``.
        static let change: [(name: String, type: BinaryArray.Element)] = [
            ("id", .text), ("status", .text), ("error", .text), ("updated_at", .timestamp), ("started_at", .timestamp),
            ("completed_at", .timestamp),
        ]
        static let deadLetter = "log_id, position, part, kind, row_id, body, error_code, error_message, created_at"

        static func names(_ columns: [(name: String, type: BinaryArray.Element)]) -> String {
            columns.map(\.name).joined(separator: ", ")
        }
    }

    extension BinaryArray.Element {
        /// The array's type in SQL.
        var arrayType: String {
            switch self {
            case .text: "text[]"
            case .json: "json[]"
            case .timestamp: "timestamptz[]"
            case .int4: "int4[]"
            case .int8: "int8[]"
            case .float8: "float8[]"
            case .bytes: "bytea[]"
            }
        }
    }
#endif
