#if MySQL
    internal import WAL
    internal import WALTasks

    /// Sets operations aside in `wal_sink_dead_letter`, within the transaction of their batch. Reads and removes them
    /// later.
    struct DeadLetterStatements: DeadLetterTable {
        // Keeps an existing row: a restored database may have set the record aside already, and that must not stop the
        // sink.
        private let insert: RowStatement
        private let read: Statement
        private let remove: Statement

        init(_ connection: Connection) throws(StoreError) {
            insert = try RowStatement(WriteSQL.insertDeadLetters, on: connection)
            read = try Statement(
                "SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter WHERE log_id = ? AND position = ? FOR UPDATE",
                named: "read dead letter", on: connection)
            remove = try Statement(
                "DELETE FROM wal_sink_dead_letter WHERE log_id = ? AND position = ?", named: "remove dead letter",
                on: connection)
        }

        func insert(_ letter: StoredDeadLetter) throws(StoreError) {
            let table = RowTable(columnCount: Columns.count(Columns.deadLetter), capacity: 1)
            table.add(letter)
            try insert.run(table)
        }

        func letter(_ id: StoredDeadLetter.ID) throws(StoreError) -> StoredDeadLetter? {
            bind(id, to: read)
            return try read.first { (row) throws(StoreError) in try row.deadLetter() }
        }

        func remove(_ id: StoredDeadLetter.ID) throws(StoreError) {
            bind(id, to: remove)
            try remove.run()
        }

        private func bind(_ id: StoredDeadLetter.ID, to statement: Statement) {
            statement.bind(id.log.description)
            statement.bind(Int64(bitPattern: id.sequence.rawValue))
        }
    }
#endif
