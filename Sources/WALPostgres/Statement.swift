#if Postgres
    internal import WAL
    internal import WALTasks

    /// A prepared statement. Values are bound in the order of its parameters, and then it runs. Like its connection, it isn't
    /// thread-safe.
    final class Statement: PreparedQuery, PreparedStatement {
        private let name: String
        private let connection: Connection
        private var parameters = ParameterList()

        /// Prepares `sql`. Errors name the statement `name`.
        init(_ sql: String, named name: String, on connection: Connection) throws(StoreError) {
            try connection.prepare(sql, named: name)
            self.name = name
            self.connection = connection
        }

        func bind(_ text: String) { parameters.append(text) }
        func bind(_ number: Int64) { parameters.append(number) }
        func bind(_ text: String?) { parameters.append(text) }
        func bind(_ number: Int64?) { parameters.append(number) }
        func bind(_ bytes: [UInt8]) { parameters.append(bytes) }
        func bind(_ time: Timestamp) { parameters.append(time) }
        func bind(_ array: BinaryArray) { parameters.append(array) }

        /// Runs the query and reads every row.
        func all<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> [Value] {
            try result().all(read)
        }

        /// Runs the query and reads the first row, if there is one.
        func first<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> Value? {
            try result().first(read)
        }

        /// Runs the statement and ignores its rows. Returns the number of rows that it wrote or removed.
        @discardableResult
        func run() throws(StoreError) -> Int {
            try result().changedCount
        }

        private func result() throws(StoreError) -> QueryResult {
            defer { parameters = ParameterList() }
            return try connection.run(name, parameters)
        }
    }
#endif
