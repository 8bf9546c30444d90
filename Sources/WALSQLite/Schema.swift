#if SQLite
    internal import WALTasks

    /// The tables of a database, and the migrations that create them.
    enum Schema {
        /// Returns the definition of a table of positions, without the words CREATE TABLE.
        static func lanes(_ table: PositionTable) -> String {
            """
            \(table.name) (
              \(table.key) TEXT NOT NULL,
              part INTEGER NOT NULL,
              parts INTEGER NOT NULL,
              epoch INTEGER NOT NULL,
              position INTEGER NOT NULL,
              owner TEXT,
              claimed_at INTEGER NOT NULL,
              flushed_at INTEGER,
              PRIMARY KEY (\(table.key), part)
            ) WITHOUT ROWID
            """
        }

        /// The `PRAGMA user_version` of a database that this version of the package has migrated.
        static let version: Int64 = 1

        /// The `PRAGMA application_id` of the package's databases: "SWAL" in ASCII.
        static let applicationID: Int64 = 0x5357_414c

        /// Creates or migrates the tables, in one transaction.
        static func migrate(_ connection: Connection) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in
                let application = try value("application_id", connection)
                let found = try value("user_version", connection)
                guard application == applicationID || (application == 0 && found == 0) else {
                    throw connection.error(
                        .foreignDatabase,
                        "the database belongs to another program (application_id \(application), user_version \(found)):"
                            + " use a file of its own")
                }
                try connection.requireKnown(schema: found, known: version)
                for step in steps[Int(found)...] {
                    try connection.execute(step, named: "migrate")
                }
                if found < version {
                    try connection.execute(
                        "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
                }
            }
        }

        /// Throws unless the database has the tables of this version or an earlier one.
        static func requireTables(_ connection: Connection) throws(StoreError) {
            let (application, found) = try connection.retryingWhileBusy { () throws(StoreError) in
                (try value("application_id", connection), try value("user_version", connection))
            }
            guard application == applicationID, found > 0 else {
                let positions = try Statement(
                    "SELECT count(*) FROM sqlite_master WHERE name = '\(PositionTable.ofSinks.name)'",
                    named: "read schema version", on: connection
                ).first { (row) throws(StoreError) in row.number() }
                throw connection.noTables(hasPositions: positions == 1, remedy: "check the path")
            }
            try connection.requireKnown(schema: found, known: version)
        }

        private static func value(_ pragma: String, _ connection: Connection) throws(StoreError) -> Int64 {
            try Statement("PRAGMA \(pragma)", named: "read schema version", on: connection)
                .first { (row) throws(StoreError) in row.number() } ?? 0
        }

        /// The migrations. The step at index n leads from version n to version n + 1.
        private static let steps = [tables]

        // Times are microseconds since 1970 in UTC. Activities have no foreign key: they may come before their task, or
        // outlive it. No index has `updated_at`: it changes with every save, and so would the index. The last two
        // indexes of activities together cost a sixth of the rows per second. Without them, a list of a DAG's
        // activities would read the whole table, and so would a removal of old activities between other changes.
        private static let tables = """
            CREATE TABLE dag_tasks (
              id TEXT PRIMARY KEY NOT NULL,
              dag_id TEXT NOT NULL,
              node_id TEXT NOT NULL,
              current_node_id TEXT,
              sub_dag_path TEXT,
              processing_state TEXT,
              payload TEXT,
              status TEXT NOT NULL,
              created_at INTEGER NOT NULL,
              updated_at INTEGER NOT NULL,
              started_at INTEGER,
              completed_at INTEGER,
              error TEXT,
              retry_count INTEGER NOT NULL DEFAULT 0,
              max_retries INTEGER NOT NULL DEFAULT 3,
              priority INTEGER NOT NULL DEFAULT 0
            );
            CREATE INDEX dag_tasks_dag_created ON dag_tasks (dag_id, created_at);
            CREATE INDEX dag_tasks_open ON dag_tasks (priority DESC, created_at) WHERE status IN ('pending', 'running');

            CREATE TABLE dag_task_activity_logs (
              id TEXT PRIMARY KEY NOT NULL,
              task_id TEXT NOT NULL,
              dag_id TEXT NOT NULL,
              node_id TEXT NOT NULL,
              action TEXT NOT NULL,
              message TEXT,
              data TEXT,
              level TEXT NOT NULL,
              created_at INTEGER NOT NULL
            );
            CREATE INDEX dag_task_activity_task ON dag_task_activity_logs (task_id, created_at);
            CREATE INDEX dag_task_activity_dag ON dag_task_activity_logs (dag_id, created_at);
            CREATE INDEX dag_task_activity_time ON dag_task_activity_logs (created_at);

            CREATE TABLE \(lanes(.ofStores));

            CREATE TABLE wal_sink_dead_letter (
              log_id TEXT NOT NULL,
              position INTEGER NOT NULL,
              part INTEGER,
              kind TEXT NOT NULL,
              row_id TEXT,
              body BLOB NOT NULL,
              error_code TEXT NOT NULL,
              error_message TEXT NOT NULL,
              created_at INTEGER NOT NULL,
              PRIMARY KEY (log_id, position)
            );
            """
    }
#endif
