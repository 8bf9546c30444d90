#if Postgres
    internal import WAL

    /// The values of a prepared statement, in the order of its parameters. All but literals are in PostgreSQL's binary form.
    struct ParameterList {
        private enum Value {
            /// A part of `bytes`; nil for NULL.
            case scalar(Range<Int>?)
            /// A part of `bytes` that ends with a 0: the value as the server reads it in SQL.
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

        mutating func append(_ number: Int32?) {
            if let number { append(number) } else { values.append(.scalar(nil)) }
        }

        mutating func append(_ time: Timestamp) {
            append(time.postgres)
        }

        mutating func appendNull() {
            values.append(.scalar(nil))
        }

        /// `literal` has no NUL.
        mutating func append(literal: String) {
            let start = bytes.count
            bytes += literal.utf8
            bytes.append(0)
            values.append(.literal(start..<bytes.count))
        }

        /// About how many bytes are sent.
        var size: Int { bytes.count + 8 * values.count }

        /// Not copied: it mustn't be changed before the statement has run.
        mutating func append(_ array: BinaryArray) {
            values.append(.array(array))
        }

        private mutating func append(_ write: (inout [UInt8]) -> Void) {
            let start = bytes.count
            write(&bytes)
            values.append(.scalar(start..<bytes.count))
        }

        /// Calls `body` with what libpq wants: where each value is (null for NULL), its size, and whether it's binary.
        func withPointers<Result>(
            _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
        ) -> Result {
            // A byte more, so that there is an address even where every value is empty: null would be NULL.
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
