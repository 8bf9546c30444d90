#if MySQL
    internal import WALTasks

    /// A statement that writes rows: the text before the rows, for each row, and after the rows.
    struct RowSQL {
        let name: String
        let head: String
        /// One row, with a question mark for each of `columns`.
        let row: String
        var tail = ""
        /// Which column of the table each question mark stands for.
        let columns: [Int]
        /// Whether `row` may be repeated, with commas.
        var isRepeatable = true
        /// Whether it writes each row, new or not: the server counts a row that it changes twice.
        var isUpsert = false
    }

    /// Writes many rows with one statement, in the way that the server does best.
    ///
    /// MariaDB takes an array of values for each parameter: one round trip, and no SQL that depends on the number of rows.
    /// Elsewhere rows are written out as literals, as many as a packet takes, or run one by one where a statement can't have
    /// several.
    final class RowStatement {
        private let sql: RowSQL
        private let connection: Connection
        /// Nil where rows are written out.
        private let prepared: Statement?

        init(_ sql: RowSQL, on connection: Connection) throws(StoreError) {
            self.sql = sql
            self.connection = connection
            prepared =
                connection.takesArrays || !sql.isRepeatable
                ? try Statement(sql.head + sql.row + sql.tail, named: sql.name, on: connection) : nil
        }

        /// For rows of a statement of one's own, whose columns are in the order of its parameters.
        init(_ prepared: Statement, on connection: Connection) {
            sql = RowSQL(
                name: prepared.name, head: "", row: "", columns: Array(0..<prepared.parameterCount), isRepeatable: false
            )
            self.connection = connection
            self.prepared = prepared
        }

        /// Runs with all rows of a table; returns the number of rows that were written, changed or found.
        @discardableResult
        func run(_ table: RowTable) throws(StoreError) -> Int {
            try run(table, 0..<table.count)
        }

        /// Runs with some rows of a table.
        ///
        /// May have written some of them when it throws: what throws is undone by the transaction or to a savepoint.
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
                count += try prepared.run(
                    table, start..<end, columns: sql.columns, asArray: connection.takesArrays)
                start = end
            }
            return count
        }

        /// Where the rows end that a packet takes.
        private func packet(of table: RowTable, _ rows: Range<Int>) throws(StoreError) -> Int {
            var size = 0
            let sizeMax = Packet.sizeMax(of: connection)
            for row in rows {
                let rowSize = Packet.size(of: table, row, parameterCount: sql.columns.count)
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
