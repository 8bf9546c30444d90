#if MySQL
    internal import CWALMySQL
    internal import WAL
    internal import WALTasks

    /// The row that a query is at: columns are read in their order. Valid until the query's next step.
    @safe struct Row: RowReader {
        static let server = StoreError.Server.mysql

        private let columns: ResultColumns
        private var readCount = 0

        /// For all rows of a statement.
        init(_ statement: UnsafeMutablePointer<MYSQL_STMT>) {
            columns = unsafe ResultColumns(statement)
        }

        var binds: UnsafeMutablePointer<MYSQL_BIND> { unsafe columns.binds }

        mutating func rewind() {
            readCount = 0
        }

        mutating func optionalText() -> String? {
            unsafe columns.withText(next()) { unsafe String(decoding: $0, as: UTF8.self) }
        }

        mutating func text() -> String {
            optionalText() ?? ""
        }

        mutating func bytes() -> [UInt8] {
            unsafe columns.withText(next()) { unsafe Array($0) } ?? []
        }

        mutating func optionalNumber() -> Int64? {
            columns.number(next())
        }

        mutating func number() -> Int64 {
            optionalNumber() ?? 0
        }

        mutating func optionalTime() -> Timestamp? {
            columns.time(next())
        }

        mutating func time() -> Timestamp {
            optionalTime() ?? Timestamp(rawValue: 0)
        }

        private mutating func next() -> Int {
            defer { readCount += 1 }
            return readCount
        }
    }

    /// Where the library puts the values of a row.
    @safe private final class ResultColumns {
        /// A text that has more bytes than this is fetched by itself.
        private static let textRoom = 1024

        private let statement: UnsafeMutablePointer<MYSQL_STMT>
        let binds: UnsafeMutablePointer<MYSQL_BIND>
        private let count: Int
        private let texts: UnsafeMutablePointer<UInt8>
        private let numbers: UnsafeMutablePointer<Int64>
        private let times: UnsafeMutablePointer<MYSQL_TIME>
        private let lengths: UnsafeMutablePointer<UInt>
        private let nulls: UnsafeMutablePointer<CChar>

        init(_ statement: UnsafeMutablePointer<MYSQL_STMT>) {
            unsafe self.statement = statement
            count = Int(unsafe mysql_stmt_field_count(statement))
            let room = max(1, count)
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
            let metadata = unsafe mysql_stmt_result_metadata(statement)
            defer { unsafe mysql_free_result(metadata) }
            for column in 0..<count {
                let type =
                    if let metadata = unsafe metadata {
                        unsafe mysql_fetch_field_direct(metadata, UInt32(column)).pointee.type
                    } else { MYSQL_TYPE_STRING }
                bind(column, type)
            }
        }

        deinit {
            unsafe binds.deallocate()
            unsafe texts.deallocate()
            unsafe numbers.deallocate()
            unsafe times.deallocate()
            unsafe lengths.deallocate()
            unsafe nulls.deallocate()
        }

        private func bind(_ column: Int, _ type: enum_field_types) {
            let place: (type: enum_field_types, start: UnsafeMutableRawPointer, size: Int) =
                switch type {
                case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG:
                    unsafe (MYSQL_TYPE_LONGLONG, UnsafeMutableRawPointer(numbers + column), 8)
                case MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP:
                    unsafe (
                        MYSQL_TYPE_DATETIME, UnsafeMutableRawPointer(times + column), MemoryLayout<MYSQL_TIME>.size
                    )
                default:
                    unsafe (
                        MYSQL_TYPE_BLOB, UnsafeMutableRawPointer(texts + column * Self.textRoom), Self.textRoom
                    )
                }
            unsafe cwal_mysql_bind_result(
                binds + column, place.type, place.start, UInt(place.size), lengths + column, nulls + column)
        }

        func number(_ column: Int) -> Int64? {
            unsafe nulls[column] != 0 ? nil : numbers[column]
        }

        func time(_ column: Int) -> Timestamp? {
            guard unsafe nulls[column] == 0 else { return nil }
            let time = unsafe times[column]
            let seconds = (Int64(time.hour) * 60 + Int64(time.minute)) * 60 + Int64(time.second)
            return Timestamp(
                rawValue: DateTime.microseconds(
                    year: Int64(time.year), month: Int64(time.month), day: Int64(time.day),
                    time: seconds * 1_000_000 + Int64(time.second_part)))
        }

        func withText<Result>(_ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
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
