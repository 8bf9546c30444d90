#if MySQL
    internal import CWALMySQL
    internal import WAL
    internal import WALTasks

    /// The current row of a query, with the memory into which the library puts the values of each row. Columns are read
    /// in their order. Valid until the query's next step.
    @safe final class Row: RowReader {
        static let server = StoreError.Server.mysql

        /// The space for a text, in bytes. A longer text is fetched by itself.
        private static let textRoom = 1024

        private let statement: UnsafeMutablePointer<MYSQL_STMT>
        let binds: UnsafeMutablePointer<MYSQL_BIND>
        private let kinds: [Kind]
        private let texts: UnsafeMutablePointer<UInt8>
        private let numbers: UnsafeMutablePointer<Int64>
        private let times: UnsafeMutablePointer<MYSQL_TIME>
        private let lengths: UnsafeMutablePointer<UInt>
        private let nulls: UnsafeMutablePointer<CChar>
        private var readCount = 0

        private enum Kind {
            case number, unsignedNumber, real, time, text, bytes
        }

        /// Makes a row that serves for all rows of a statement.
        init(_ statement: UnsafeMutablePointer<MYSQL_STMT>) {
            unsafe self.statement = statement
            kinds = unsafe Self.kinds(of: statement)
            let room = max(1, kinds.count)
            unsafe binds = .allocate(capacity: room)
            unsafe texts = .allocate(capacity: room * Self.textRoom)
            unsafe numbers = .allocate(capacity: room)
            unsafe times = .allocate(capacity: room)
            unsafe lengths = .allocate(capacity: room)
            unsafe nulls = .allocate(capacity: room)
            unsafe binds.initialize(repeating: MYSQL_BIND(), count: room)
            unsafe texts.initialize(repeating: 0, count: room * Self.textRoom)
            unsafe numbers.initialize(repeating: 0, count: room)
            unsafe times.initialize(repeating: MYSQL_TIME(), count: room)
            unsafe lengths.initialize(repeating: 0, count: room)
            unsafe nulls.initialize(repeating: 0, count: room)
            for (column, kind) in kinds.enumerated() { bind(column, kind) }
        }

        deinit {
            unsafe binds.deallocate()
            unsafe texts.deallocate()
            unsafe numbers.deallocate()
            unsafe times.deallocate()
            unsafe lengths.deallocate()
            unsafe nulls.deallocate()
        }

        /// Whether the statement's columns still have the types for which the row was made. They change with the
        /// table, and with the value of a parameter in `SELECT ?`.
        var isCurrent: Bool { unsafe Self.kinds(of: statement) == kinds }

        private static func kinds(of statement: UnsafeMutablePointer<MYSQL_STMT>) -> [Kind] {
            let metadata = unsafe mysql_stmt_result_metadata(statement)
            defer { unsafe mysql_free_result(metadata) }
            return unsafe (0..<mysql_stmt_field_count(statement)).map { column in
                guard let metadata = unsafe metadata, let field = unsafe mysql_fetch_field_direct(metadata, column)
                else { return .text }
                return unsafe Self.kind(of: field.pointee)
            }
        }

        private static func kind(of field: MYSQL_FIELD) -> Kind {
            switch unsafe field.type {
            case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG,
                MYSQL_TYPE_YEAR:
                unsafe field.flags & UInt32(UNSIGNED_FLAG) == 0 ? .number : .unsignedNumber
            case MYSQL_TYPE_FLOAT, MYSQL_TYPE_DOUBLE: .real
            case MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP: .time
            case MYSQL_TYPE_BLOB, MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_MEDIUM_BLOB, MYSQL_TYPE_LONG_BLOB,
                MYSQL_TYPE_STRING, MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_VARCHAR, MYSQL_TYPE_BIT, MYSQL_TYPE_GEOMETRY:
                unsafe field.charsetnr == Self.binaryCharset ? .bytes : .text
            default: .text
            }
        }

        /// The number of the character set `binary`.
        private static let binaryCharset: UInt32 = 63

        private func bind(_ column: Int, _ kind: Kind) {
            let place: (type: enum_field_types, start: UnsafeMutableRawPointer, size: Int) =
                switch kind {
                case .number, .unsignedNumber:
                    unsafe (MYSQL_TYPE_LONGLONG, UnsafeMutableRawPointer(numbers + column), 8)
                case .real: unsafe (MYSQL_TYPE_DOUBLE, UnsafeMutableRawPointer(numbers + column), 8)
                case .time:
                    unsafe (
                        MYSQL_TYPE_DATETIME, UnsafeMutableRawPointer(times + column), MemoryLayout<MYSQL_TIME>.size
                    )
                case .text, .bytes:
                    unsafe (
                        MYSQL_TYPE_BLOB, UnsafeMutableRawPointer(texts + column * Self.textRoom), Self.textRoom
                    )
                }
            unsafe cwal_mysql_bind_result(
                binds + column, place.type, place.start, UInt(place.size), lengths + column, nulls + column)
        }

        // MARK: Reading

        func rewind() {
            readCount = 0
        }

        private func next() -> Int {
            defer { readCount += 1 }
            return readCount
        }

        func optionalText() -> String? {
            unsafe withText(next()) { unsafe String(decoding: $0, as: UTF8.self) }
        }

        func bytes() -> [UInt8] {
            unsafe withText(next()) { unsafe Array($0) } ?? []
        }

        func optionalNumber() -> Int64? {
            let column = next()
            return unsafe nulls[column] != 0 ? nil : numbers[column]
        }

        func optionalTime() -> Timestamp? {
            time(next())
        }

        /// Reads all columns.
        func values() -> [SQLValue] {
            kinds.indices.map(value)
        }

        private func value(_ column: Int) -> SQLValue {
            if unsafe nulls[column] != 0 { return .null }
            let number = unsafe numbers[column]
            switch kinds[column] {
            case .number: return .integer(number)
            // An `Int64` can't hold the upper half of BIGINT UNSIGNED.
            case .unsignedNumber: return number >= 0 ? .integer(number) : .text("\(UInt64(bitPattern: number))")
            case .real: return .real(Double(bitPattern: UInt64(bitPattern: number)))
            case .time: return time(column).map(SQLValue.time) ?? .null
            case .text:
                return unsafe withText(column) { unsafe .text(String(decoding: $0, as: UTF8.self)) } ?? .null
            case .bytes: return unsafe withText(column) { unsafe .blob(Array($0)) } ?? .null
            }
        }

        private func time(_ column: Int) -> Timestamp? {
            guard unsafe nulls[column] == 0 else { return nil }
            let time = unsafe times[column]
            let seconds = (Int64(time.hour) * 60 + Int64(time.minute)) * 60 + Int64(time.second)
            return Timestamp(
                rawValue: DateTime.microseconds(
                    year: Int64(time.year), month: Int64(time.month), day: Int64(time.day),
                    time: seconds * 1_000_000 + Int64(time.second_part)))
        }

        private func withText<Result>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
            guard unsafe nulls[column] == 0 else { return nil }
            let length = Int(unsafe lengths[column])
            guard length > Self.textRoom else {
                return unsafe body(UnsafeBufferPointer(start: texts + column * Self.textRoom, count: length))
            }
            return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length) { room in
                unsafe room.initialize(repeating: 0)
                var bind = unsafe MYSQL_BIND()
                var size = UInt(length)
                unsafe cwal_mysql_bind_result(
                    &bind, MYSQL_TYPE_BLOB, room.baseAddress, UInt(length), &size, nil)
                unsafe mysql_stmt_fetch_column(statement, &bind, UInt32(column), 0)
                return unsafe body(UnsafeBufferPointer(room))
            }
        }
    }
#endif
