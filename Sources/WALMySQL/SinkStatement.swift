#if MySQL
    internal import WALTasks

    /// A prepared statement of a sink's function. Like its connection, it isn't thread-safe.
    final class SinkStatement {
        /// The first words of statements that never end a transaction.
        static let words = changingWords.union(["SELECT", "VALUES", "WITH"])
        /// The first words of statements that change rows.
        private static let changingWords: Set<String> = ["DELETE", "INSERT", "REPLACE", "UPDATE"]
        /// The number of the error for a statement that can't run in the wanted way, ER_UNSUPPORTED_PS.
        private static let unsupportedNumber = 1295

        private let statement: Statement
        private let bulk: RowStatement
        private let isChanging: Bool
        /// Whether the statement begins with WITH. On MySQL, a change may follow.
        private let mayChange: Bool
        private var hasRun = false
        /// Whether MariaDB has refused to run the statement with arrays.
        private var refusesArrays = false

        /// Prepares `sql`, which begins with `word`.
        init(_ sql: String, _ word: String, on connection: Connection) throws(StoreError) {
            statement = try Statement(sql, named: sql, on: connection)
            bulk = RowStatement(sql, statement, on: connection)
            isChanging = Self.changingWords.contains(word)
            mayChange = word == "WITH"
        }

        var parameterCount: Int { statement.parameterCount }

        /// Runs the statement with a value for each parameter. Returns the number of rows that it changed.
        func run(_ values: [SQLValue]) throws(StoreError) -> Int {
            bind(values)
            let count = try statement.run()
            hasRun = true
            return isChanging || (mayChange && !statement.hasRows) ? count : 0
        }

        /// Runs the statement for each row, in order. Returns the number of rows that it changed.
        func run(_ rows: ArraySlice<[SQLValue]>) throws(StoreError) -> Int {
            var rest = rows
            var count = 0
            while let row = rest.first {
                guard hasRun, !refusesArrays, !statement.hasRows, parameterCount > 0, isChanging else {
                    count += try run(row)
                    rest = rest.dropFirst()
                    continue
                }
                let alike = rest.prefix(RowTable.alike(rest).count)
                let table = RowTable(columnCount: parameterCount, capacity: alike.count)
                for row in alike {
                    for value in row { table.add(value) }
                }
                do throws(StoreError) {
                    count += try bulk.run(table)
                    rest = rest.dropFirst(alike.count)
                } catch {
                    // MariaDB takes no arrays for INSERT … SELECT and for changes of joined tables. It decides by the
                    // kind of the statement, before it runs any row.
                    guard error.number == Self.unsupportedNumber else { throw error }
                    refusesArrays = true
                }
            }
            return count
        }

        /// Runs the statement, and returns its rows.
        func rows(_ values: [SQLValue]) throws(StoreError) -> [[SQLValue]] {
            bind(values)
            return try statement.all { (row) throws(StoreError) in row.values() }
        }

        private func bind(_ values: [SQLValue]) {
            for value in values { statement.bind(value) }
        }
    }

    extension RowTable {
        func add(_ value: SQLValue) {
            switch value {
            case .null: addNull()
            case .integer(let number): add(number)
            case .real(let number): add(number)
            case .text(let text): add(text)
            case .blob(let bytes): add(bytes)
            case .time(let time): add(time)
            }
        }

        /// Returns the number of rows, from the first, that one table can hold, and the kinds of its columns. A column has
        /// values of one kind, and NULL.
        static func alike(_ rows: ArraySlice<[SQLValue]>) -> (count: Int, kinds: [Int]) {
            var kinds: [Int] = []
            for (count, row) in rows.enumerated() {
                if kinds.isEmpty { kinds = row.map { _ in 0 } }
                for (column, value) in row.enumerated() {
                    let kind = value.columnKind
                    guard kind == 0 || kinds[column] == 0 || kind == kinds[column] else { return (count, kinds) }
                    if kind != 0 { kinds[column] = kind }
                }
            }
            return (rows.count, kinds)
        }
    }

    extension SQLValue {
        /// The kind of the value. A column of a ``RowTable`` takes values of one kind, and those of kind 0.
        fileprivate var columnKind: Int {
            switch self {
            case .null: 0
            case .integer: 1
            case .real: 2
            case .text, .time: 3
            case .blob: 4
            }
        }
    }
#endif
