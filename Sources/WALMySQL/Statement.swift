#if MySQL
    internal import CWALMySQL
    internal import WAL
    internal import WALTasks

    /// A prepared statement. Values are bound in the order of its parameters, and then it runs. It also runs with the
    /// rows of a table. Like its connection, it isn't thread-safe.
    @safe final class Statement: PreparedQuery, PreparedStatement {
        let name: String
        private let connection: Connection
        private let handle: UnsafeMutablePointer<MYSQL_STMT>
        /// The number of values that the statement takes.
        let parameterCount: Int
        private let values: RowTable
        private let binds: UnsafeMutablePointer<MYSQL_BIND>
        /// The memory of the statement's rows, made at its first query, and again when the types of its columns change.
        private var row: Row?
        /// The number of rows in the library's arrays. 0 for single values.
        private var arraySize = 0

        /// Prepares `sql`. Errors name the statement `name`.
        init(_ sql: String, named name: String, on connection: Connection) throws(StoreError) {
            guard let handle = unsafe mysql_stmt_init(connection.handle) else {
                throw connection.lastError(during: name)
            }
            var sql = sql
            let result = sql.withUTF8 { utf8 in
                let text = unsafe UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
                return unsafe mysql_stmt_prepare(handle, text, UInt(utf8.count))
            }
            guard result == 0 else {
                let error = unsafe Self.lastError(of: handle, on: connection, name)
                unsafe mysql_stmt_close(handle)
                throw error
            }
            self.name = name
            self.connection = connection
            unsafe self.handle = handle
            parameterCount = Int(unsafe mysql_stmt_param_count(handle))
            values = RowTable(columnCount: parameterCount, capacity: 1)
            unsafe binds = .allocate(capacity: max(1, parameterCount))
            unsafe binds.initialize(repeating: MYSQL_BIND(), count: max(1, parameterCount))
        }

        deinit {
            unsafe mysql_stmt_close(handle)
            unsafe binds.deallocate()
        }

        // MARK: Values

        func bind(_ text: String) { values.add(text) }
        func bind(_ text: String?) { values.add(text) }
        func bind(_ number: Int64) { values.add(number) }
        func bind(_ number: Int64?) { values.add(number) }
        func bind(_ bytes: [UInt8]) { values.add(bytes) }
        func bind(_ time: Timestamp) { values.add(time) }

        func bind(_ value: SQLValue) { values.add(value) }

        // MARK: Running

        /// Whether the statement returns rows. Known after its first run, because MariaDB prepares `INSERT … RETURNING`
        /// without them.
        var hasRows: Bool { unsafe mysql_stmt_field_count(handle) > 0 }

        /// Runs the statement and ignores its rows. Returns the number of rows that it changed, found or returned.
        @discardableResult
        func run() throws(StoreError) -> Int {
            defer { values.removeAll() }
            try execute()
            defer { unsafe mysql_stmt_free_result(handle) }
            guard hasRows else { return Int(clamping: unsafe mysql_stmt_affected_rows(handle)) }
            guard unsafe mysql_stmt_store_result(handle) == 0 else { throw lastError() }
            return Int(clamping: unsafe mysql_stmt_num_rows(handle))
        }

        /// Runs the statement with rows of a table: with the first of them, or with all as an array. The table has a
        /// column for each parameter.
        func run(_ table: RowTable, _ rows: Range<Int>, asArray: Bool) throws(StoreError) -> Int {
            for column in 0..<parameterCount {
                if asArray {
                    unsafe table.bind(column: column, rows: rows, to: binds + column)
                } else {
                    unsafe table.bind(column: column, row: rows.lowerBound, to: binds + column)
                }
            }
            setArraySize(asArray ? rows.count : 0)
            try send()
            return Int(clamping: unsafe mysql_stmt_affected_rows(handle))
        }

        /// Runs a query and reads every row.
        func all<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> [Value] {
            var found: [Value] = []
            try forEach { (row) throws(StoreError) in
                found.append(try read(&row))
                return true
            }
            return found
        }

        /// Runs a query and reads the first row, if there is one.
        func first<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> Value? {
            var found: Value?
            try forEach { (row) throws(StoreError) in
                found = try read(&row)
                return false
            }
            return found
        }

        private func forEach(_ body: (inout Row) throws(StoreError) -> Bool) throws(StoreError) {
            defer { values.removeAll() }
            try execute()
            defer { unsafe mysql_stmt_free_result(handle) }
            guard hasRows else { return }
            if row?.isCurrent != true { unsafe row = Row(handle) }
            guard var row, unsafe cwal_mysql_statement_bind_result(handle, row.binds) == 0,
                unsafe mysql_stmt_store_result(handle) == 0
            else { throw lastError() }
            while true {
                switch unsafe mysql_stmt_fetch(handle) {
                // Truncated: a text is longer than its space, and is fetched again when it is read.
                case 0, MYSQL_DATA_TRUNCATED: break
                case MYSQL_NO_DATA: return
                default: throw lastError()
                }
                row.rewind()
                guard try body(&row) else { return }
            }
        }

        private func execute() throws(StoreError) {
            if let refusal = values.refusals[0] { throw refusal }
            for parameter in 0..<parameterCount {
                unsafe values.bind(column: parameter, row: 0, to: binds + parameter)
            }
            let size = Packet.size(of: values, 0)
            guard size <= Packet.sizeMax(of: connection) else { throw Packet.tooLarge(size, for: connection, name) }
            setArraySize(0)
            try send()
        }

        /// Sets the number of rows in the library's arrays. The library keeps it for later runs, and would read as many
        /// rows from single values.
        private func setArraySize(_ size: Int) {
            guard size != arraySize else { return }
            unsafe cwal_mysql_statement_set_rows(handle, UInt32(size))
            arraySize = size
        }

        private func send() throws(StoreError) {
            guard unsafe cwal_mysql_statement_bind(handle, binds) == 0, unsafe mysql_stmt_execute(handle) == 0 else {
                throw lastError()
            }
        }

        private func lastError() -> StoreError {
            unsafe Self.lastError(of: handle, on: connection, name)
        }

        private static func lastError(
            of handle: UnsafeMutablePointer<MYSQL_STMT>, on connection: Connection, _ name: String
        ) -> StoreError {
            unsafe connection.error(
                mysql_stmt_errno(handle), String(cString: mysql_stmt_sqlstate(handle)),
                String(cString: mysql_stmt_error(handle)), during: name)
        }
    }
#endif
