#if Postgres
    internal import CWALPostgres
    internal import WALTasks

    /// A prepared statement of a sink's function. Like its connection, it isn't thread-safe.
    @safe final class SinkStatement {
        /// The approximate size of one round trip, in bytes. The server answers while rows are sent, and libpq keeps
        /// the answers in memory.
        private static let sizeMax = 1 << 20

        let name: String
        private let sql: String
        private let connection: Connection
        private let types: [Oid]
        /// The parts of an INSERT of one row. Nil for other statements, and through a pooler, where a prepared
        /// statement ends with its transaction.
        private let insert: RowInsert?
        /// The statement that inserts many rows at once, made at its first use.
        private var arrays: SinkStatement?
        /// The text of that statement.
        private(set) var arraysText: String?
        private var arraysPace = FormPace()
        /// The memory of the columns, which is reused.
        private var columns: [BinaryArray] = []

        /// Prepares `sql` under a name. With an empty name, it replaces the statement without a name.
        init(_ sql: String, named name: String, on connection: Connection) throws(StoreError) {
            self.name = name
            self.sql = sql
            self.connection = connection
            unsafe try connection.check(PQprepare(connection.handle, name, sql, 0, nil), sql)
            types = unsafe try connection.check(PQdescribePrepared(connection.handle, name), sql).parameterTypes
            insert = connection.isPooled ? nil : RowInsert(sql, parameterCount: types.count, .postgres)
        }

        var parameterCount: Int { types.count }
        /// The names of the statements that the server has prepared.
        var names: [String] { [name] + (arrays?.names ?? []) }

        /// Runs the statement with a value for each parameter.
        func run(_ values: [SQLValue]) throws(StoreError) -> QueryResult {
            try run(parameters(values))
        }

        private func run(_ parameters: ParameterList) throws(StoreError) -> QueryResult {
            unsafe try connection.check(
                parameters.withPointers { pointers, sizes, formats in
                    unsafe PQexecPrepared(
                        connection.handle, name, Int32(pointers.count), pointers.baseAddress, sizes, formats, 0)
                }, sql)
        }

        /// Runs the statement for each row, in order, without a wait for the answers in between. Returns the number of
        /// rows that it changed.
        func run(_ rows: [[SQLValue]]) throws(StoreError) -> Int {
            guard unsafe PQenterPipelineMode(connection.handle) == 1 else { throw connection.failure(sql) }
            defer { unsafe PQexitPipelineMode(connection.handle) }
            var count = 0
            var next = 0
            while next < rows.count {
                var sentCount = 0
                var size = 0
                do throws(StoreError) {
                    while next < rows.count, size < Self.sizeMax {
                        let parameters = try parameters(rows[next])
                        try send(parameters)
                        size += parameters.size
                        sentCount += 1
                        next += 1
                    }
                } catch {
                    _ = try receive(sentCount)
                    throw error
                }
                count += try receive(sentCount)
            }
            return count
        }

        private func send(_ parameters: ParameterList) throws(StoreError) {
            let isSent = unsafe parameters.withPointers { pointers, sizes, formats in
                unsafe PQsendQueryPrepared(
                    connection.handle, name, Int32(pointers.count), pointers.baseAddress, sizes, formats, 0)
            }
            guard isSent == 1 else { throw connection.failure(sql) }
        }

        /// Receives the answers to the rows that were sent. Throws the first error, after the last answer.
        private func receive(_ sentCount: Int) throws(StoreError) -> Int {
            guard unsafe PQpipelineSync(connection.handle) == 1 else { throw connection.failure(sql) }
            var count = 0
            var failure: StoreError?
            for _ in 0..<sentCount {
                let result = unsafe PQgetResult(connection.handle)
                let isThere = unsafe result != nil
                // The server skips the statements after a failed one.
                if failure != nil {
                    unsafe PQclear(result)
                } else {
                    do throws(StoreError) {
                        count += unsafe try connection.check(result, sql).changedRowCount
                    } catch {
                        failure = error
                    }
                }
                // A null result separates the answers.
                if isThere { unsafe PQclear(PQgetResult(connection.handle)) }
            }
            unsafe PQclear(PQgetResult(connection.handle))
            if let failure { throw failure }
            return count
        }

        /// Returns the statement that does the same for many rows at once. Nil if there is none, or if the server
        /// refused it recently.
        func overArrays() throws(StoreError) -> SinkStatement? {
            guard let insert, arraysPace.isDue() else { return nil }
            if let arrays { return arrays }
            let oids = types.map { "\($0)" }.joined(separator: ",")
            // With the length -1, the name of char isn't `character`: a cast to `character` would cut texts.
            let names = try connection.query(
                "SELECT format_type(unnest('{\(oids)}'::oid[]), -1)", named: "read types"
            ).all { (row) throws(StoreError) in row.text() }
            let columns = zip(types, names).map { (BinaryArray.Element(column: $0).array.type, $1) }
            let text = insert.overArrays(columns)
            arraysText = text
            let made = try SinkStatement(text, named: name + "_rows", on: connection)
            arrays = made
            return made
        }

        /// Notes whether the server refused a batch with the statement of ``overArrays()``.
        func noteArrays(refused isRefused: Bool) {
            if isRefused { arraysPace.refused() } else { arraysPace.succeeded() }
        }

        /// Runs the statement once for all rows, with an array for each column. Returns the number of rows that it
        /// changed.
        ///
        /// More than about 32 MiB take several runs: the server keeps several copies of them, and takes at most 1 GiB.
        func runArrays(_ rows: [[SQLValue]]) throws(StoreError) -> Int {
            if columns.isEmpty { columns = try makeColumns() }
            let columns = columns
            for column in columns { column.clear() }
            var count = 0
            var size = 0
            for (number, row) in rows.enumerated() {
                for (index, value) in row.enumerated() {
                    if let (code, reason) = columns[index].append(value) {
                        throw connection.error(
                            code, "value \(index + 1) of row \(number + 1): \(reason)", statement: sql)
                    }
                    size += value.sizeInArray
                }
                guard size > Self.arraysSizeMax || number == rows.count - 1 else { continue }
                var parameters = ParameterList()
                for column in columns { parameters.append(column) }
                count += try run(parameters).changedRowCount
                for column in columns { column.clear() }
                size = 0
            }
            return count
        }

        private func makeColumns() throws(StoreError) -> [BinaryArray] {
            var columns: [BinaryArray] = []
            for (index, type) in types.enumerated() {
                guard let element = BinaryArray.Element(array: type) else {
                    throw connection.error(
                        .invalidArgument,
                        "parameter $\(index + 1) is no array that takes a column: write it as $\(index + 1)::text[], bigint[],"
                            + " int[], float8[], bytea[], json[] or timestamptz[]", statement: sql)
                }
                columns.append(BinaryArray(element))
            }
            return columns
        }

        private static let arraysSizeMax = 32 << 20

        private func parameters(_ values: [SQLValue]) throws(StoreError) -> ParameterList {
            var parameters = ParameterList()
            for (value, type) in zip(values, types) {
                guard let (code, reason) = parameters.append(value, as: type) else { continue }
                throw connection.error(code, reason, statement: sql)
            }
            return parameters
        }
    }

    extension RowInsert {
        /// Returns the statement that inserts a row for each element of its parameters, which are arrays.
        ///
        /// The arrays are in the list of values and not in FROM, where the server would keep a copy of all rows. With
        /// FROM, it inserts 15 % fewer rows per second, of 324 bytes each, on the machine of Benchmarks/RESULTS.md.
        ///
        /// - Parameter columns: The type of each array, and the type of its column.
        func overArrays(_ columns: [(array: String, column: String)]) -> String {
            let values = columns.enumerated().map {
                "unnest($\($0.offset + 1)::\($0.element.array))::\($0.element.column)"
            }
            return "\(head) SELECT \(values.joined(separator: ", ")) \(tail)"
        }
    }
#endif
