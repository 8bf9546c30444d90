#if Postgres
    internal import WAL

    /// The values of a prepared statement, in the order of its parameters. All except literals are in PostgreSQL's
    /// binary form.
    struct ParameterList {
        private enum Value {
            /// A part of `bytes`. Nil for NULL.
            case scalar(Range<Int>?)
            /// A part of `bytes` that ends with a 0: the value in SQL's text form, which the server parses.
            case literal(Range<Int>)
            case array(BinaryArray)
        }

        private var bytes: [UInt8] = []
        private var values: [Value] = []

        mutating func append(_ text: String) {
            append { $0 += text.utf8 }
        }

        mutating func append(_ text: String?) {
            if let text { append(text) } else { values.append(.scalar(nil)) }
        }

        mutating func append(_ raw: [UInt8]) {
            append { $0 += raw }
        }

        mutating func append(_ number: some FixedWidthInteger) {
            append { bytes in
                unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes += $0 }
            }
        }

        mutating func append(_ number: Int64?) {
            if let number { append(number) } else { values.append(.scalar(nil)) }
        }

        mutating func append(_ time: Timestamp) {
            append(time.postgres)
        }

        mutating func appendNull() {
            values.append(.scalar(nil))
        }

        /// Adds a value in SQL's text form, which must have no NUL.
        mutating func append(literal: String) {
            let start = bytes.count
            bytes += literal.utf8
            bytes.append(0)
            values.append(.literal(start..<bytes.count))
        }

        /// The approximate number of bytes to send, without arrays.
        var size: Int { bytes.count + 8 * values.count }

        /// Adds an array without a copy. The array must not change until the statement has run.
        mutating func append(_ array: BinaryArray) {
            values.append(.array(array))
        }

        private mutating func append(_ write: (inout [UInt8]) -> Void) {
            let start = bytes.count
            write(&bytes)
            values.append(.scalar(start..<bytes.count))
        }

        /// Calls `body` with the values in libpq's form: their addresses (null for NULL), their sizes, and their
        /// formats (1 for binary).
        func withPointers<Result>(
            _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
        ) -> Result {
            // One byte more, so that there is an address even if every value is empty: a null address would mean NULL.
            unsafe (bytes + [0]).withUnsafeBytes { scalars in
                var pointers: [UnsafePointer<CChar>?] = unsafe []
                var sizes: [Int32] = []
                for value in values {
                    let place: UnsafeRawBufferPointer? =
                        switch value {
                        case .scalar(let range?), .literal(let range):
                            unsafe UnsafeRawBufferPointer(rebasing: scalars[range])
                        case .scalar(nil): nil
                        case .array(let array): unsafe array.bytes
                        }
                    unsafe pointers.append(place?.baseAddress?.assumingMemoryBound(to: CChar.self))
                    unsafe sizes.append(Int32(clamping: place?.count ?? 0))
                }
                let formats: [Int32] = values.map { if case .literal = $0 { 0 } else { 1 } }
                return unsafe pointers.withUnsafeBufferPointer { pointers in
                    unsafe sizes.withUnsafeBufferPointer { sizes in
                        unsafe formats.withUnsafeBufferPointer { formats in
                            unsafe body(pointers, sizes.baseAddress, formats.baseAddress)
                        }
                    }
                }
            }
        }
    }
#endif
