#if SQLite
    internal import CWALSQLite
    internal import WAL
    internal import WALTasks

    /// A prepared statement. Values are bound in the order of its parameters, and then it runs. Like its connection, it
    /// isn't thread-safe.
    @safe final class Statement: PreparedQuery, PreparedStatement {
        let name: String
        private let connection: Connection
        private let handle: OpaquePointer
        private var boundCount: Int32 = 0
        /// The result code of the first value that SQLite refused. The next run throws it.
        private var bindResult = SQLITE_OK
        /// The memory of bound texts. SQLite's own copies would cost a `malloc` for each text.
        private let texts: UnsafeMutableRawBufferPointer
        private var textsUsed = 0
        private static let textsCapacity = 16 << 10

        /// Prepares `sql`. Errors name the statement `name`.
        init(_ sql: String, named name: String, on connection: Connection) throws(StoreError) {
            unsafe handle = try Self.prepare(sql, name, connection)
            self.name = name
            self.connection = connection
            unsafe texts = .allocate(byteCount: Self.textsCapacity, alignment: 1)
        }

        deinit {
            unsafe sqlite3_finalize(handle)
            unsafe texts.deallocate()
        }

        /// Prepares the one statement of a text. Refuses a text with several, because SQLite prepares only the first.
        private static func prepare(
            _ sql: String, _ name: String, _ connection: Connection
        ) throws(StoreError) -> OpaquePointer {
            func refusal(_ message: String) -> StoreError {
                StoreError(.invalidArgument, message, statement: name, place: connection.place)
            }
            // For SQLite, the text ends at a NUL.
            if sql.utf8.contains(0) { throw refusal("the statement has a NUL: bind the value") }
            var prepared: OpaquePointer?
            var second: OpaquePointer?
            let (result, secondResult) = unsafe sql.withCString { text -> (Int32, Int32) in
                var rest: UnsafePointer<CChar>?
                let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
                let result = unsafe sqlite3_prepare_v3(connection.handle, text, -1, flags, &prepared, &rest)
                guard result == SQLITE_OK, let rest = unsafe rest else { return (result, SQLITE_OK) }
                // Trailing spaces and comments give no statement and no error.
                return (result, unsafe sqlite3_prepare_v3(connection.handle, rest, -1, 0, &second, nil))
            }
            guard result == SQLITE_OK else { throw connection.lastError(during: name) }
            unsafe sqlite3_finalize(second)
            guard let handle = unsafe prepared else { throw refusal("the text has no statement") }
            guard unsafe second == nil, secondResult == SQLITE_OK else {
                unsafe sqlite3_finalize(handle)
                throw refusal("the text has a second statement: run each by itself")
            }
            return unsafe handle
        }

        // MARK: Values

        func bind(_ text: String) {
            var text = text
            text.withUTF8 { utf8 in
                guard unsafe textsUsed + utf8.count <= texts.count, let start = unsafe texts.baseAddress else {
                    let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)  // SQLITE_TRANSIENT
                    let first = unsafe UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
                    note(
                        unsafe sqlite3_bind_text64(
                            handle, next(), first, UInt64(utf8.count), copied, UInt8(SQLITE_UTF8)))
                    return
                }
                let place = unsafe start + textsUsed
                if let source = utf8.baseAddress {
                    unsafe place.copyMemory(from: source, byteCount: utf8.count)
                }
                textsUsed += utf8.count
                note(
                    unsafe sqlite3_bind_text64(
                        handle, next(), place.assumingMemoryBound(to: CChar.self), UInt64(utf8.count), nil,
                        UInt8(SQLITE_UTF8)))
            }
        }

        func bind(_ text: String?) {
            if let text { bind(text) } else { bindNull() }
        }

        func bind(_ number: Int64) {
            note(unsafe sqlite3_bind_int64(handle, next(), number))
        }

        func bind(_ number: Int64?) {
            if let number { bind(number) } else { bindNull() }
        }

        func bind(_ time: Timestamp) {
            bind(time.rawValue)
        }

        func bind(_ bytes: [UInt8]) {
            let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)  // SQLITE_TRANSIENT
            unsafe bytes.withUnsafeBytes { bytes in
                // Without an address, SQLite would bind NULL.
                let result =
                    if let start = bytes.baseAddress {
                        unsafe sqlite3_bind_blob64(handle, next(), start, UInt64(bytes.count), copied)
                    } else {
                        unsafe sqlite3_bind_zeroblob(handle, next(), 0)
                    }
                note(result)
            }
        }

        func bind(_ value: SQLValue) {
            switch value {
            case .null: bindNull()
            case .integer(let number): bind(number)
            // SQLite stores NaN as NULL.
            case .real(let number) where number.isNaN: note(SQLITE_MISMATCH)
            case .real(let number): note(unsafe sqlite3_bind_double(handle, next(), number))
            case .text(let text): bind(text)
            case .blob(let bytes): bind(bytes)
            case .time(let time): bind(time)
            }
        }

        /// The number of values that the statement takes.
        var parameterCount: Int { Int(unsafe sqlite3_bind_parameter_count(handle)) }

        private func bindNull() {
            note(unsafe sqlite3_bind_null(handle, next()))
        }

        private func next() -> Int32 {
            boundCount += 1
            return boundCount
        }

        private func note(_ result: Int32) {
            if bindResult == SQLITE_OK { bindResult = result }
        }

        // MARK: Running

        /// Runs the statement and ignores its rows. Returns the number of rows that it changed.
        @discardableResult
        func run() throws(StoreError) -> Int {
            defer { reset() }
            let before = unsafe sqlite3_total_changes64(connection.handle)
            while try step() {}
            // After a statement that changes no rows, SQLite still reports the count of an earlier one.
            guard unsafe sqlite3_total_changes64(connection.handle) != before else { return 0 }
            return Int(unsafe sqlite3_changes64(connection.handle))
        }

        /// Runs a query and reads every row.
        func all<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> [Value] {
            defer { reset() }
            var values: [Value] = []
            var hasRow = try begin()
            while hasRow {
                var row = unsafe Row(handle)
                values.append(try read(&row))
                hasRow = try step()
            }
            return values
        }

        /// Runs a query and reads the first row, if there is one.
        func first<Value>(_ read: (inout Row) throws(StoreError) -> Value) throws(StoreError) -> Value? {
            defer { reset() }
            guard try begin() else { return nil }
            var row = unsafe Row(handle)
            return try read(&row)
        }

        /// Runs the first step, which takes the snapshot. Only this step can meet another connection's lock.
        private func begin() throws(StoreError) -> Bool {
            try connection.retryingWhileBusy { () throws(StoreError) in try step() }
        }

        private func step() throws(StoreError) -> Bool {
            guard bindResult == SQLITE_OK else {
                throw StoreError(
                    StoreError.Code(resultCode: bindResult), unsafe String(cString: sqlite3_errstr(bindResult)),
                    number: bindResult, statement: name, place: connection.place)
            }
            switch unsafe sqlite3_step(handle) {
            case SQLITE_ROW: return true
            case SQLITE_DONE: return false
            default: throw failure()
            }
        }

        private func failure() -> StoreError {
            var error = connection.lastError(during: name)
            // A function such as json_extract refuses a value with the same number as a missing table. If the statement
            // can be prepared again, all its tables exist, so the value is at fault.
            guard error.number.map({ $0 & 0xFF }) == Int(SQLITE_ERROR) else { return error }
            var again: OpaquePointer?
            if unsafe sqlite3_prepare_v3(connection.handle, sqlite3_sql(handle), -1, 0, &again, nil) == SQLITE_OK {
                error.code = .rowRefused
            }
            unsafe sqlite3_finalize(again)
            return error
        }

        private func reset() {
            unsafe sqlite3_reset(handle)
            boundCount = 0
            bindResult = SQLITE_OK
            textsUsed = 0
        }
    }

    /// The current row of a query. Columns are read in their order. Valid until the query's next step.
    @safe struct Row: RowReader {
        static let server = StoreError.Server.sqlite

        private let handle: OpaquePointer
        private var readCount: Int32 = 0

        fileprivate init(_ handle: OpaquePointer) {
            unsafe self.handle = handle
        }

        mutating func optionalText() -> String? {
            let column = next()
            guard let bytes = unsafe sqlite3_column_text(handle, column) else { return nil }
            let count = Int(unsafe sqlite3_column_bytes(handle, column))
            return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        }

        mutating func bytes() -> [UInt8] {
            let column = next()
            guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
            let count = Int(unsafe sqlite3_column_bytes(handle, column))
            return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
        }

        mutating func number() -> Int64 {
            unsafe sqlite3_column_int64(handle, next())
        }

        mutating func optionalNumber() -> Int64? {
            let column = next()
            guard unsafe sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
            return unsafe sqlite3_column_int64(handle, column)
        }

        mutating func time() -> Timestamp {
            Timestamp(rawValue: number())
        }

        mutating func optionalTime() -> Timestamp? {
            optionalNumber().map(Timestamp.init(rawValue:))
        }

        /// Reads all columns.
        mutating func values() -> [SQLValue] {
            unsafe (0..<sqlite3_column_count(handle)).map { column -> SQLValue in
                readCount = column
                return switch unsafe sqlite3_column_type(handle, column) {
                case SQLITE_INTEGER: .integer(number())
                case SQLITE_FLOAT: .real(unsafe sqlite3_column_double(handle, next()))
                case SQLITE_TEXT: .text(text())
                case SQLITE_BLOB: .blob(bytes())
                default: .null
                }
            }
        }

        private mutating func next() -> Int32 {
            defer { readCount += 1 }
            return readCount
        }
    }
#endif
