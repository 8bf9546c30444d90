#if Postgres
    internal import WALTasks

    /// The tables of a database, and the migrations that create them.
    enum Schema {
        /// The version in `wal_sink_schema` after this version of the package has migrated a database.
        static let version: Int64 = 1

        /// The key of the advisory lock that serializes migrations: "SWAL" and "schm" in ASCII.
        static let lockKey: Int64 = 0x5357_414C_7363_686D

        /// Creates or migrates the tables, in one transaction. If the tables exist, the role needs no right to create
        /// any.
        static func migrate(_ connection: Connection) throws(StoreError) {
            try connection.transaction { () throws(StoreError) in
                try connection.execute("SELECT pg_advisory_xact_lock(\(lockKey))", named: "lock schema")
                let found = try foundVersion(connection)
                try connection.requireKnown(schema: found, known: version)
                // A migration has no time limit.
                if found < version { try connection.execute("SET LOCAL statement_timeout = 0", named: "migrate") }
                for step in steps.dropFirst(Int(found)) {
                    try connection.execute(step, named: "migrate")
                }
                if found < version {
                    try connection.execute(
                        "INSERT INTO wal_sink_schema (version) VALUES (\(version))", named: "migrate")
                }
            }
        }

        /// Throws unless the database has the tables of this version or an earlier one.
        static func requireTables(_ connection: Connection) throws(StoreError) {
            let found = try foundVersion(connection)
            guard found > 0 else {
                throw connection.noTables(
                    hasPositions: try exists(PositionTable.ofSinks.name, connection),
                    remedy: "check its name and the search_path")
            }
            try connection.requireKnown(schema: found, known: version)
        }

        private static func foundVersion(_ connection: Connection) throws(StoreError) -> Int64 {
            guard try exists("wal_sink_schema", connection) else { return 0 }
            return try number("SELECT coalesce(max(version), 0) FROM wal_sink_schema", connection)
        }

        static func exists(
            _ table: String, _ connection: Connection, named name: String = "read schema version"
        ) throws(StoreError) -> Bool {
            try number("SELECT (to_regclass('\(table)') IS NOT NULL)::int", connection, named: name) == 1
        }

        private static func number(
            _ query: String, _ connection: Connection, named name: String = "read schema version"
        ) throws(StoreError) -> Int64 {
            let result = try connection.query(query, named: name)
            return try result.first { (row) throws(StoreError) in row.number() } ?? 0
        }

        /// The migrations. The step at index n leads from version n to version n + 1.
        private static let steps = [tables]

        /// Returns the definition of a table of positions, without the words CREATE TABLE.
        static func lanes(_ table: PositionTable) -> String {
            """
            \(table.name) (
              \(table.key) text COLLATE "C" NOT NULL,
              part int NOT NULL,
              parts int NOT NULL,
              epoch bigint NOT NULL,
              position bigint NOT NULL,
              owner text,
              claimed_at timestamptz NOT NULL DEFAULT now(),
              flushed_at timestamptz,
              PRIMARY KEY (\(table.key), part)
            ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
            """
        }

        // Ids are compared by bytes. That is the order of lists, and faster than the order of any language. Activities
        // have no foreign key: they may come before their task, or outlive it. No index has `updated_at`: it changes
        // with every save, and so would the index. Tables whose rows change keep space in their pages, so that the new
        // version of a row fits in the page of the old one.
        private static let tables = """
            CREATE TABLE wal_sink_schema (
              version int PRIMARY KEY,
              applied_at timestamptz NOT NULL DEFAULT now()
            );

            CREATE TABLE dag_tasks (
              id text COLLATE "C" PRIMARY KEY,
              dag_id text COLLATE "C" NOT NULL,
              node_id text NOT NULL,
              current_node_id text,
              sub_dag_path text,
              processing_state text,
              payload json,
              status text NOT NULL,
              created_at timestamptz NOT NULL,
              updated_at timestamptz NOT NULL,
              started_at timestamptz,
              completed_at timestamptz,
              error text,
              retry_count int NOT NULL DEFAULT 0,
              max_retries int NOT NULL DEFAULT 3,
              priority int NOT NULL DEFAULT 0
            ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
            CREATE INDEX dag_tasks_dag_created ON dag_tasks (dag_id, created_at);
            CREATE INDEX dag_tasks_open ON dag_tasks (priority DESC, created_at) WHERE status IN ('pending', 'running');

            CREATE TABLE dag_task_activity_logs (
              id text COLLATE "C" PRIMARY KEY,
              task_id text COLLATE "C" NOT NULL,
              dag_id text COLLATE "C" NOT NULL,
              node_id text NOT NULL,
              action text NOT NULL,
              message text,
              data json,
              level text NOT NULL,
              created_at timestamptz NOT NULL
            );
            CREATE INDEX dag_task_activity_task ON dag_task_activity_logs (task_id, created_at);
            CREATE INDEX dag_task_activity_dag ON dag_task_activity_logs (dag_id, created_at);
            CREATE INDEX dag_task_activity_time ON dag_task_activity_logs USING brin (created_at);

            CREATE TABLE \(lanes(.ofStores));

            CREATE TABLE wal_sink_dead_letter (
              log_id text COLLATE "C" NOT NULL,
              position bigint NOT NULL,
              part int,
              kind text NOT NULL,
              row_id text,
              body bytea NOT NULL,
              error_code text NOT NULL,
              error_message text NOT NULL,
              created_at timestamptz NOT NULL,
              PRIMARY KEY (log_id, position)
            );
            """
    }
#endif
