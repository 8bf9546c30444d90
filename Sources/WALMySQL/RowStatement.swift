#if MySQL
    internal import WALTasks

    /// The text of a statement that writes rows of a ``RowTable``: the parts before the rows, for each row, and after the
    /// rows.
    struct RowSQL {
        let name: String
        let head: String
        /// The part for one row, with a question mark for each column of the table.
        let row: String
        var tail = ""
        /// Whether `row` may be repeated, with commas in between.
        var isRepeatable = true
        /// Whether the statement writes every row, new or not. Then the server's count isn't used, because a changed
        /// row counts twice.
        var isUpsert = false
    }

    /// A statement that writes many rows, in the form that suits the server best.
    ///
    /// MariaDB takes an array of values for each parameter. That takes one round trip, and the SQL doesn't depend on
    /// the number of rows. Other servers get the rows as literals, as many as fit in a packet. A statement that can't
    /// have several rows runs for one row after another.
    final class RowStatement {
        private let sql: RowSQL
        private let connection: Connection
        /// The prepared statement. Nil if rows are written as literals.
        private let prepared: Statement?

        init(_ sql: RowSQL, on connection: Connection) throws(StoreError) {
            self.sql = sql
            self.connection = connection
            prepared =
                connection.takesArrays || !sql.isRepeatable
                ? try Statement(sql.head + sql.row + sql.tail, named: sql.name, on: connection) : nil
        }

        /// Makes a statement from a text and its prepared form. Its rows have their columns in the order of the
        /// parameters.
        init(_ text: String, _ statement: Statement, on connection: Connection) {
            let count = statement.parameterCount
            self.connection = connection
            if !connection.takesArrays, let insert = RowInsert(text, parameterCount: count, .mysql) {
                let marks = Array(repeating: "?", count: count).joined(separator: ",")
                sql = RowSQL(
                    name: statement.name, head: "\(insert.head) VALUES ", row: "(\(marks))", tail: " \(insert.tail)")
                prepared = nil
            } else {
                sql = RowSQL(name: statement.name, head: "", row: "", isRepeatable: false)
                prepared = statement
            }
        }

        /// Runs the statement with all rows of a table. Returns the number of rows that it wrote, changed or found.
        @discardableResult
        func run(_ table: RowTable) throws(StoreError) -> Int {
            try run(table, 0..<table.count)
        }

        /// Runs the statement with some rows of a table. Returns the number of rows that it wrote, changed or found.
        ///
        /// If it throws, it may have written some of them. The caller then rolls back the transaction, or rolls back to
        /// a savepoint.
        func run(_ table: RowTable, _ rows: Range<Int>) throws(StoreError) -> Int {
            for row in rows {
                guard let refusal = table.refusals[row] else { continue }
                throw refusal
            }
            let found = try prepared.map { (prepared) throws(StoreError) in try run(prepared, table, rows) }
            let count = if let found { found } else { try runLiterals(table, rows) }
            return sql.isUpsert ? rows.count : count
        }

        // MARK: Prepared

        private func run(_ prepared: Statement, _ table: RowTable, _ rows: Range<Int>) throws(StoreError) -> Int {
            var count = 0
            var start = rows.lowerBound
            while start < rows.upperBound {
                let end = connection.takesArrays ? try packet(of: table, start..<rows.upperBound) : start + 1
                if !connection.takesArrays { _ = try packet(of: table, start..<end) }
                count += try prepared.run(table, start..<end, asArray: connection.takesArrays)
                start = end
            }
            return count
        }

        /// Returns the end of the rows that fit in one packet. Throws if the first row doesn't fit.
        private func packet(of table: RowTable, _ rows: Range<Int>) throws(StoreError) -> Int {
            var size = 0
            let sizeMax = Packet.sizeMax(of: connection)
            for row in rows {
                let rowSize = Packet.size(of: table, row)
                if size + rowSize > sizeMax {
                    guard row > rows.lowerBound else { throw Packet.tooLarge(rowSize, for: connection, sql.name) }
                    return row
                }
                size += rowSize
            }
            return rows.upperBound
        }

        // MARK: Literals

        private func runLiterals(_ table: RowTable, _ rows: Range<Int>) throws(StoreError) -> Int {
            var count = 0
            var text = LiteralText(sql, connection)
            for row in rows {
                if text.add(table, row) { continue }
                if text.rowCount > 0 {
                    count += try text.run()
                    if text.add(table, row) { continue }
                }
                throw Packet.tooLarge(text.refusedSize, for: connection, sql.name)
            }
            return text.rowCount > 0 ? count + (try text.run()) : count
        }
    }
#endif
