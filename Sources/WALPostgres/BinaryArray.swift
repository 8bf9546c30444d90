#if Postgres
    internal import WAL

    /// A one-dimensional array in PostgreSQL's binary form: five integers, then each element after its size.
    final class BinaryArray {
        /// The type of the elements, with its OID.
        enum Element: Int32, CaseIterable {
            case text = 25
            case json = 114
            case timestamp = 1184
            case int4 = 23
            case int8 = 20
            case float8 = 701
            case bytes = 17
        }

        let element: Element
        private var wire = WireBytes()
        private var elementCount: Int32 = 0

        private static let countOffset = 12

        init(_ element: Element) {
            self.element = element
            clear()
        }

        /// The bytes of the whole array. Valid until the array changes.
        var bytes: UnsafeRawBufferPointer { unsafe wire.bytes }

        /// Removes all elements.
        func clear() {
            wire.removeAll()
            elementCount = 0
            wire.put(Int32(1))  // dimensions
            wire.put(Int32(1))  // there may be nulls
            wire.put(element.rawValue)
            wire.put(Int32(0))  // elements, see `count`
            wire.put(Int32(1))  // the first one's index
        }

        func append(_ text: String) {
            var text = text
            text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
        }

        func append(_ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { unsafe append($0) }
        }

        private func append(_ bytes: UnsafeRawBufferPointer) {
            wire.put(Int32(clamping: bytes.count))
            unsafe wire.put(bytes)
            count()
        }

        func append(_ text: String?) {
            if let text { append(text) } else { appendNull() }
        }

        func append(_ number: Int32) {
            wire.put(Int32(4))
            wire.put(number)
            count()
        }

        func append(_ number: Int64) {
            wire.put(Int32(8))
            wire.put(number)
            count()
        }

        func append(_ number: Double) {
            append(Int64(bitPattern: number.bitPattern))
        }

        func append(_ time: Timestamp?) {
            if let time { append(time.postgres) } else { appendNull() }
        }

        func appendNull() {
            wire.put(Int32(-1))
            count()
        }

        private func count() {
            elementCount += 1
            wire.overwrite(elementCount, at: Self.countOffset)
        }
    }
#endif
