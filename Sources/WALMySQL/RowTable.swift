#if MySQL
    internal import CWALMySQL
    internal import WAL
    internal import WALTasks

    /// Rows of values for the server, stored column by column, as bulk execution needs them.
    ///
    /// The texts of all rows are in one block of memory, so a row costs no allocation.
    @safe final class RowTable: RowWriter {
        let columnCount: Int
        /// The number of rows for which there is space.
        let capacity: Int
        /// The number of complete rows.
        private(set) var count = 0
        /// The errors of rows with a value that no column can take, by the index of the row.
        private(set) var refusals: [Int: StoreError] = [:]
        /// The size of each row's texts, in bytes.
        private(set) var sizes: [Int] = []

        private var column = 0
        private var size = 0
        private var texts: UnsafeMutableRawPointer
        private var textsCapacity: Int
        private var textsUsed = 0
        // These have an element for each value, column by column.
        private let offsets: UnsafeMutablePointer<Int>
        private let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
        private let lengths: UnsafeMutablePointer<UInt>
        private let nulls: UnsafeMutablePointer<CChar>
        private let numbers: UnsafeMutablePointer<Int64>
        private var kinds: [Kind]

        private enum Kind {
            case text, bytes, number, real
        }

        init(columnCount: Int, capacity: Int) {
            self.columnCount = columnCount
            self.capacity = capacity
            let valueCount = max(1, columnCount * capacity)
            textsCapacity = 64 + capacity * 256
            unsafe texts = .allocate(byteCount: textsCapacity, alignment: 1)
            unsafe offsets = .allocate(capacity: valueCount)
            unsafe addresses = .allocate(capacity: valueCount)
            unsafe lengths = .allocate(capacity: valueCount)
            unsafe nulls = .allocate(capacity: valueCount)
            unsafe numbers = .allocate(capacity: valueCount)
            unsafe offsets.initialize(repeating: 0, count: valueCount)
            unsafe addresses.initialize(repeating: nil, count: valueCount)
            unsafe lengths.initialize(repeating: 0, count: valueCount)
            unsafe nulls.initialize(repeating: 0, count: valueCount)
            unsafe numbers.initialize(repeating: 0, count: valueCount)
            kinds = Array(repeating: .text, count: columnCount)
            sizes.reserveCapacity(capacity)
        }

        deinit {
            unsafe texts.deallocate()
            unsafe offsets.deallocate()
            unsafe addresses.deallocate()
            unsafe lengths.deallocate()
            unsafe nulls.deallocate()
            unsafe numbers.deallocate()
        }

        func removeAll() {
            (count, column, size, textsUsed) = (0, 0, 0, 0)
            refusals.removeAll()
            sizes.removeAll(keepingCapacity: true)
        }

        // MARK: Values, row by row

        func add(_ text: String) {
            var text = text
            text.withUTF8 { unsafe add(UnsafeRawBufferPointer($0), .text) }
        }

        func add(_ text: String?) {
            if let text { add(text) } else { addNull() }
        }

        func add(_ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { unsafe add($0, .bytes) }
        }

        func add(_ number: Int32) {
            add(Int64(number))
        }

        func add(_ number: Int64) {
            let place = next()
            unsafe numbers[place.index] = number
            unsafe nulls[place.index] = 0
            kinds[place.column] = .number
        }

        /// Adds a number. If it isn't finite, the row is refused, because the servers have no such numbers.
        func add(_ number: Double) {
            guard number.isFinite else {
                refuse("the number \(number) isn't finite, and MySQL stores no such number")
                return addNull()
            }
            let place = next()
            unsafe numbers[place.index] = Int64(bitPattern: number.bitPattern)
            unsafe nulls[place.index] = 0
            kinds[place.column] = .real
        }

        func add(_ number: Int64?) {
            if let number { add(number) } else { addNull() }
        }

        /// Adds a time. If `datetime` can't hold it, the row is refused, because the server would store another time,
        /// or none.
        func add(_ time: Timestamp) {
            guard DateTime.range.contains(time.rawValue) else {
                refuse(
                    "the time \(time.rawValue) (microseconds since 1970) isn't in the years 1000 to 9999, which datetime takes"
                )
                return addNull()
            }
            let start = textsUsed
            reserve(DateTime.textSize)
            DateTime.forEachByte(of: time.rawValue) { byte in
                unsafe texts.storeBytes(of: byte, toByteOffset: textsUsed, as: UInt8.self)
                textsUsed += 1
            }
            note(start, .text)
        }

        func add(_ time: Timestamp?) {
            if let time { add(time) } else { addNull() }
        }

        private func add(_ bytes: UnsafeRawBufferPointer, _ kind: Kind) {
            let start = textsUsed
            reserve(bytes.count)
            if let source = bytes.baseAddress {
                unsafe (texts + textsUsed).copyMemory(from: source, byteCount: bytes.count)
            }
            textsUsed += bytes.count
            note(start, kind)
        }

        private func refuse(_ reason: String) {
            if refusals[count] == nil { refusals[count] = StoreError(.rowRefused, reason) }
        }

        func addNull() {
            let place = next()
            unsafe nulls[place.index] = CChar(STMT_INDICATOR_NULL.rawValue)
            unsafe offsets[place.index] = 0
            unsafe lengths[place.index] = 0
        }

        /// Adds the next value: the text from `start` to the end of the used memory.
        private func note(_ start: Int, _ kind: Kind) {
            size += textsUsed - start
            let place = next()
            unsafe nulls[place.index] = 0
            unsafe offsets[place.index] = start
            unsafe lengths[place.index] = UInt(textsUsed - start)
            kinds[place.column] = kind
        }

        private func next() -> (index: Int, column: Int) {
            let place = (column * capacity + count, column)
            column += 1
            if column == columnCount {
                sizes.append(size)
                (column, size) = (0, 0)
                count += 1
            }
            return place
        }

        private func reserve(_ size: Int) {
            guard textsUsed + size > textsCapacity else { return }
            let grown = max(textsCapacity * 2, textsUsed + size)
            let moved = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 1)
            unsafe moved.copyMemory(from: texts, byteCount: textsUsed)
            unsafe texts.deallocate()
            unsafe texts = moved
            textsCapacity = grown
        }

        // MARK: Binding

        /// Binds one value of a row. The table must exist, and must not change, until the statement has run.
        func bind(column: Int, row: Int, to bind: UnsafeMutablePointer<MYSQL_BIND>) {
            let index = column * capacity + row
            if let type = numberType(of: column) {
                unsafe cwal_mysql_bind_value(bind, type, numbers + index, nil, nulls + index)
            } else {
                unsafe cwal_mysql_bind_value(
                    bind, type(of: column), texts + offsets[index], lengths + index, nulls + index)
            }
        }

        /// Binds a column of several rows. The table must exist, and must not change, until the statement has run.
        func bind(column: Int, rows: Range<Int>, to bind: UnsafeMutablePointer<MYSQL_BIND>) {
            let index = column * capacity + rows.lowerBound
            if let type = numberType(of: column) {
                unsafe cwal_mysql_bind_column(bind, type, numbers + index, nil, nulls + index)
            } else {
                // The texts may have moved since they were added.
                for place in index..<index + rows.count { unsafe addresses[place] = texts + offsets[place] }
                unsafe cwal_mysql_bind_column(
                    bind, type(of: column), addresses + index, lengths + index, nulls + index)
            }
        }

        /// Returns the type of a column of numbers, or nil for a column of texts or bytes.
        private func numberType(of column: Int) -> enum_field_types? {
            switch kinds[column] {
            case .number: MYSQL_TYPE_LONGLONG
            case .real: MYSQL_TYPE_DOUBLE
            case .text, .bytes: nil
            }
        }

        private func type(of column: Int) -> enum_field_types {
            kinds[column] == .bytes ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING
        }

        // MARK: Literals

        @unsafe enum Value {
            case null
            case number(Int64)
            case real(Double)
            case text(UnsafeRawBufferPointer)
            case bytes(UnsafeRawBufferPointer)
        }

        func withValue<Result>(column: Int, row: Int, _ body: (Value) -> Result) -> Result {
            let index = column * capacity + row
            if unsafe nulls[index] != 0 { return unsafe body(.null) }
            if kinds[column] == .number { return unsafe body(.number(numbers[index])) }
            if kinds[column] == .real {
                return unsafe body(.real(Double(bitPattern: UInt64(bitPattern: numbers[index]))))
            }
            let text = unsafe UnsafeRawBufferPointer(start: texts + offsets[index], count: Int(lengths[index]))
            return unsafe body(kinds[column] == .bytes ? .bytes(text) : .text(text))
        }
    }
#endif
