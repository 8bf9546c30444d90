#if Postgres
    internal import CWALPostgres
    internal import WAL
    internal import WALTasks

    /// The result of a statement. Its rows are in PostgreSQL's binary form, or in SQL's text form for ``literals()``.
    @safe final class QueryResult {
        private let handle: OpaquePointer

        /// Takes over a result of libpq, and frees it at the end.
        init(_ handle: OpaquePointer) {
            unsafe self.handle = unsafe handle
        }

        deinit {
            unsafe PQclear(handle)
        }

        /// The server's name of the executed command, such as `COMMIT`.
        var commandTag: String {
            unsafe String(cString: PQcmdStatus(handle))
        }

        /// The number of rows that a change has written or removed.
        var changedCount: Int {
            unsafe Int(String(cString: PQcmdTuples(handle))) ?? 0
        }

        /// The number of rows that a statement of any kind has inserted, updated or deleted. 0 for a query.
        var changedRowCount: Int {
            ["INSERT ", "UPDATE ", "DELETE ", "MERGE "].contains { commandTag.hasPrefix($0) } ? changedCount : 0
        }

        /// The OIDs of the parameters' types, if the result describes a statement.
        var parameterTypes: [Oid] {
            unsafe (0..<PQnparams(handle)).map { unsafe PQparamtype(handle, $0) }
        }

        /// Reads every row of a result in SQL's text form.
        func literals() throws(StoreError) -> [[SQLValue]] {
            let types = unsafe (0..<PQnfields(handle)).map { unsafe PQftype(handle, $0) }
            return try all { (row) throws(StoreError) in
                types.map { type in row.optionalText().map { SQLValue(literal: $0, of: type) } ?? .null }
            }
        }

        /// Reads every row.
        func all<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> [Value] {
            var values: [Value] = []
            let count = unsafe PQntuples(handle)
            values.reserveCapacity(Int(count))
            for index in 0..<count {
                var row = unsafe Row(handle, index)
                values.append(try read(&row))
            }
            return values
        }

        /// Reads the first row, if there is one.
        func first<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> Value? {
            guard unsafe PQntuples(handle) > 0 else { return nil }
            var row = unsafe Row(handle, 0)
            return try read(&row)
        }
    }

    /// A row of a result. Columns are read in their order. Valid while the result exists.
    @safe struct Row: RowReader {
        static let server = StoreError.Server.postgres

        private let handle: OpaquePointer
        private let index: Int32
        private var readCount: Int32 = 0

        fileprivate init(_ handle: OpaquePointer, _ index: Int32) {
            unsafe self.handle = unsafe handle
            self.index = index
        }

        /// Returns the bytes of the next column, or nil for NULL.
        private mutating func next() -> UnsafeRawBufferPointer? {
            defer { readCount += 1 }
            guard unsafe PQgetisnull(handle, index, readCount) == 0 else { return nil }
            return unsafe UnsafeRawBufferPointer(
                start: PQgetvalue(handle, index, readCount), count: Int(PQgetlength(handle, index, readCount)))
        }

        mutating func optionalText() -> String? {
            unsafe next().map { unsafe String(decoding: $0, as: UTF8.self) }
        }

        mutating func bytes() -> [UInt8] {
            unsafe next().map(Array.init) ?? []
        }

        /// Reads an integer of any size. Returns nil for NULL.
        mutating func optionalNumber() -> Int64? {
            guard let bytes = unsafe next(), let first = unsafe bytes.first else { return nil }
            let sign: Int64 = first >= 0x80 ? -1 : 0
            return unsafe bytes.reduce(sign) { $0 << 8 | Int64($1) }
        }

        mutating func optionalTime() -> Timestamp? {
            optionalNumber().map(Timestamp.init(postgres:))
        }
    }
#endif
