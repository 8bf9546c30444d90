#if MySQL
    internal import WALTasks

    /// The tables of a database, and the migrations that create them.
    enum Schema {
        /// The version in `wal_sink_schema` after this version of the package has migrated a database.
        static let version: Int64 = 1

        /// Creates or migrates the tables. The server commits each of these statements by itself, so all of them can be
        /// repeated.
        static func migrate(_ connection: Connection) throws(StoreError) {
            // If the tables exist, the user needs no right to create any.
            guard try check(connection) < version else { return }
            // A lock's name has at most 64 characters, and a database's name can have as many. So the lock has the
            // name's digest. MySQL 9.6 and later have no MD5.
            let digest =
                try Statement("SELECT LEFT(SHA2(DATABASE(), 256), 32)", named: "read schema version", on: connection)
                .first { (row) throws(StoreError) in row.text() } ?? ""
            try connection.locked("wal_sink_schema.\(digest)") { () throws(StoreError) in
                let found = try check(connection)
                for (index, step) in steps.enumerated().dropFirst(Int(found)) {
                    for statement in step { try connection.execute(statement, named: "migrate") }
                    try connection.execute(
                        "INSERT INTO wal_sink_schema (version, applied_at) VALUES (\(index + 1), NOW(6))",
                        named: "migrate")
                }
            }
        }

        /// Throws unless the database has the tables of this version or an earlier one.
        static func requireTables(_ connection: Connection) throws(StoreError) {
            guard try check(connection) > 0 else {
                throw connection.noTables(
                    hasPositions: try exists(PositionTable.ofSinks.name, connection), remedy: "check its name")
            }
        }

        private static func exists(
            _ table: String, _ connection: Connection, named name: String = "read schema version"
        ) throws(StoreError) -> Bool {
            let tables = try Statement(
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
                named: name, on: connection)
            tables.bind(table)
            return try tables.first { (row) throws(StoreError) in row.number() } == 1
        }

        /// Returns the version of the database's tables, or 0 without tables. Throws `schemaTooNew` or
        /// `foreignDatabase`.
        private static func check(_ connection: Connection) throws(StoreError) -> Int64 {
            guard try exists("wal_sink_schema", connection) else {
                // The version's table is created first. Without it, a table of tasks belongs to another program.
                if try exists("dag_tasks", connection) {
                    throw connection.error(
                        .foreignDatabase,
                        "the database has a table 'dag_tasks' of another program: use another database")
                }
                return 0
            }
            let found =
                try Statement(
                    "SELECT MAX(version) FROM wal_sink_schema", named: "read schema version", on: connection
                ).first { (row) throws(StoreError) in row.number() } ?? 0
            try connection.requireKnown(schema: found, known: version)
            return found
        }

        /// The migrations. The step at index n leads from version n to version n + 1.
        private static let steps = [tables]

        /// Creates the table of sinks' positions, and then runs `tables`. The server commits each statement by itself.
        static func createTables(_ tables: String, _ connection: Connection) throws(StoreError) {
            // IF NOT EXISTS would require the right to create tables, even if the table exists.
            if try !exists(PositionTable.ofSinks.name, connection, named: "find positions") {
                try connection.execute(lanes(.ofSinks, keyType: "varbinary(255)"), named: "create positions")
            }
            if !tables.allSatisfy(\.isWhitespace) { try connection.executeAll(tables, named: "create tables") }
        }

        private static func lanes(_ table: PositionTable, keyType: String) -> String {
            """
            CREATE TABLE IF NOT EXISTS \(table.name) (
              \(table.key) \(keyType) NOT NULL,
              part int NOT NULL,
              parts int NOT NULL,
              epoch bigint NOT NULL,
              position bigint NOT NULL,
              owner text,
              claimed_at datetime(6) NOT NULL,
              flushed_at datetime(6),
              PRIMARY KEY (\(table.key), part)
            ) \(options)
            """
        }

        private static let options = "ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

        // Times are UTC. Ids are bytes: for text collations, 'a' equals 'a ', and the order isn't that of the bytes.
        // JSON is text: a type or check of JSON would refuse values that the package accepts. Activities have no
        // foreign key: they may come before their task, or outlive it. No index has `updated_at`: it changes with every
        // save, and so would the index. No table has a second unique key, because a conflict on it would make a save
        // change another task.
        private static let tables = [
            """
            CREATE TABLE IF NOT EXISTS wal_sink_schema (
              version int NOT NULL PRIMARY KEY,
              applied_at datetime(6) NOT NULL
            ) \(options)
            """,
            """
            CREATE TABLE IF NOT EXISTS dag_tasks (
              id varbinary(512) NOT NULL PRIMARY KEY,
              dag_id varbinary(512) NOT NULL,
              node_id varchar(512) NOT NULL,
              current_node_id longtext,
              sub_dag_path longtext,
              processing_state longtext,
              payload longtext,
              status varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
              created_at datetime(6) NOT NULL,
              updated_at datetime(6) NOT NULL,
              started_at datetime(6),
              completed_at datetime(6),
              error longtext,
              retry_count int NOT NULL DEFAULT 0,
              max_retries int NOT NULL DEFAULT 3,
              priority int NOT NULL DEFAULT 0,
              KEY dag_tasks_dag_created (dag_id, created_at),
              KEY dag_tasks_status (status, priority DESC, created_at)
            ) \(options)
            """,
            """
            CREATE TABLE IF NOT EXISTS dag_task_activity_logs (
              id varbinary(512) NOT NULL PRIMARY KEY,
              task_id varbinary(512) NOT NULL,
              dag_id varbinary(512) NOT NULL,
              node_id varchar(512) NOT NULL,
              action longtext NOT NULL,
              message longtext,
              data longtext,
              level longtext NOT NULL,
              created_at datetime(6) NOT NULL,
              KEY dag_task_activity_task (task_id, created_at),
              KEY dag_task_activity_dag (dag_id, created_at),
              KEY dag_task_activity_time (created_at)
            ) \(options)
            """,
            lanes(.ofStores, keyType: "char(32) CHARACTER SET ascii COLLATE ascii_bin"),
            """
            CREATE TABLE IF NOT EXISTS wal_sink_dead_letter (
              log_id char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
              position bigint NOT NULL,
              part int,
              kind varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
              row_id varbinary(512),
              body longblob NOT NULL,
              error_code varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
              error_message longtext NOT NULL,
              created_at datetime(6) NOT NULL,
              PRIMARY KEY (log_id, position)
            ) \(options)
            """,
        ]
    }
#endif
