#if MySQL
    internal import WAL
    internal import WALTasks

    extension DeadLetterTable {
        init(_ connection: Connection) throws(StoreError) {
            self.init(
                insert: LetterInsert(statement: try RowStatement(WriteSQL.insertDeadLetters, on: connection)),
                read: try Statement(
                    """
                    SELECT \(Columns.deadLetter) FROM wal_sink_dead_letter WHERE log_id = ? AND position = ? FOR UPDATE
                    """, named: "read dead letter", on: connection),
                remove: try Statement(
                    "DELETE FROM wal_sink_dead_letter WHERE log_id = ? AND position = ?", named: "remove dead letter",
                    on: connection))
        }
    }

    /// Inserts a dead letter in the form that suits the server best; see ``RowStatement``.
    private final class LetterInsert: PreparedStatement {
        private let statement: RowStatement
        private var row = LetterInsert.makeRow()

        init(statement: RowStatement) {
            self.statement = statement
        }

        private static func makeRow() -> RowTable {
            RowTable(columnCount: Columns.deadLetter.split(separator: ",").count, capacity: 1)
        }

        func bind(_ text: String?) { row.add(text) }
        func bind(_ number: Int64?) { row.add(number) }
        func bind(_ bytes: [UInt8]) { row.add(bytes) }
        func bind(_ time: Timestamp) { row.add(time) }

        func run() throws(StoreError) -> Int {
            defer { row = Self.makeRow() }
            return try statement.run(row)
        }
    }
#endif
