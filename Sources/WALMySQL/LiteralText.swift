#if MySQL
    internal import CWALMySQL
    internal import WALTasks

    /// A statement with rows written out as literals.
    struct LiteralText {
        private let sql: RowSQL
        private let connection: Connection
        /// The text between a row's values: one part more than there are values.
        private let parts: [[UInt8]]
        private var bytes: [UInt8]
        /// The number of rows.
        private(set) var rowCount = 0
        /// The size in bytes that the statement would have had with the row that didn't fit.
        private(set) var refusedSize = 0

        init(_ sql: RowSQL, _ connection: Connection) {
            self.sql = sql
            self.connection = connection
            parts = sql.row.split(separator: "?", omittingEmptySubsequences: false).map { Array($0.utf8) }
            bytes = Array(sql.head.utf8)
        }

        /// Adds a row. If the packet would be too large, adds nothing and returns false.
        mutating func add(_ table: RowTable, _ row: Int) -> Bool {
            let before = bytes.count
            if rowCount > 0 { bytes.append(UInt8(ascii: ",")) }
            for (column, part) in parts.dropLast().enumerated() {
                bytes += part
                unsafe table.withValue(column: column, row: row) { value in unsafe append(value) }
            }
            bytes += parts.last ?? []
            let size = bytes.count + sql.tail.utf8.count
            guard size <= Packet.sizeMax(of: connection) else {
                refusedSize = size
                bytes.removeSubrange(before...)
                return false
            }
            rowCount += 1
            return true
        }

        /// Runs the statement, and removes its rows. Returns the number of rows that it changed or found.
        mutating func run() throws(StoreError) -> Int {
            bytes += Array(sql.tail.utf8)
            defer {
                bytes = Array(sql.head.utf8)
                rowCount = 0
            }
            return try connection.execute(bytes, named: sql.name)
        }

        private mutating func append(_ value: RowTable.Value) {
            switch unsafe value {
            case .null: bytes += Array("NULL".utf8)
            case .number(let number): bytes += Array("\(number)".utf8)
            case .real(let number):
                // Without an exponent, the literal would be a DECIMAL, and a column of text would get another text.
                let text = "\(number)"
                bytes += Array((text.contains("e") ? text : text + "e0").utf8)
            case .text(let text): unsafe quote(text)
            case .bytes(let text):
                bytes += Array("_binary".utf8)
                unsafe quote(text)
            }
        }

        /// Appends a text in quotation marks. The library escapes it by the session's character set. At worst it
        /// escapes each byte, and it adds a 0 at the end.
        private mutating func quote(_ text: UnsafeRawBufferPointer) {
            bytes.append(UInt8(ascii: "'"))
            bytes += unsafe [UInt8](unsafeUninitializedCapacity: text.count * 2 + 1) { room, count in
                guard let source = text.baseAddress, let start = room.baseAddress else { return }
                count = Int(
                    unsafe mysql_real_escape_string(
                        connection.handle, UnsafeMutableRawPointer(start).assumingMemoryBound(to: CChar.self),
                        source.assumingMemoryBound(to: CChar.self), UInt(text.count)))
            }
            bytes.append(UInt8(ascii: "'"))
        }
    }
#endif
