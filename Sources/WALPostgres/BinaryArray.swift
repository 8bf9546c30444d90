#if Postgres
    internal import WAL

    /// A one-dimensional array in PostgreSQL's binary form: five integers, then each element after its size; all
    /// integers big-endian. Values are written once, straight into the memory that is sent, and the memory serves again.
    @safe final class BinaryArray {
        /// The type of the elements, by its OID.
        enum Element: Int32 {
            case text = 25
            case json = 114
            case timestamp = 1184
            case int4 = 23
            case int8 = 20
            case float8 = 701
            case bytes = 17
        }

        let element: Element
        private var memory: UnsafeMutableRawBufferPointer
        private var used = 0
        private var elementCount: Int32 = 0

        private static let headerSize = 20
        private static let capacityMin = 1 << 10
        /// More isn't kept for the next batch.
        private static let keptMax = 4 << 20

        init(_ element: Element) {
            self.element = element
            unsafe memory = .allocate(byteCount: Self.capacityMin, alignment: 8)
            clear()
        }

        deinit {
            unsafe memory.deallocate()
        }

        /// The whole array. Valid until it's changed.
        var bytes: UnsafeRawBufferPointer {
            unsafe UnsafeRawBufferPointer(rebasing: memory[..<used])
        }

        /// Removes all elements.
        func clear() {
            if unsafe memory.count > Self.keptMax {
                unsafe memory.deallocate()
                unsafe memory = .allocate(byteCount: Self.capacityMin, alignment: 8)
            }
            used = 0
            elementCount = 0
            put(Int32(1))  // dimensions
            put(Int32(1))  // there may be nulls
            put(element.rawValue)
            put(Int32(0))  // elements, see `count`
            put(Int32(1))  // the first one's index
        }

        func append(_ text: String) {
            var text = text
            text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
        }

        func append(_ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { unsafe append($0) }
        }

        private func append(_ bytes: UnsafeRawBufferPointer) {
            grow(by: 4 + bytes.count)
            put(Int32(clamping: bytes.count))
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[used...]).copyMemory(from: bytes)
            used += bytes.count
            count()
        }

        func append(_ text: String?) {
            if let text { append(text) } else { appendNull() }
        }

        func append(_ number: Int32) {
            grow(by: 8)
            put(Int32(4))
            put(number)
            count()
        }

        func append(_ number: Int64) {
            grow(by: 12)
            put(Int32(8))
            put(number)
            count()
        }

        func append(_ number: Double) {
            append(Int64(bitPattern: number.bitPattern))
        }

        func append(_ time: Timestamp?) {
            if let time { append(time.postgres) } else { appendNull() }
        }

        func appendNull() {
            grow(by: 4)
            put(Int32(-1))
            count()
        }

        private func count() {
            elementCount += 1
            unsafe memory.storeBytes(of: elementCount.bigEndian, toByteOffset: 12, as: Int32.self)
        }

        private func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
            unsafe memory.storeBytes(of: number.bigEndian, toByteOffset: used, as: Number.self)
            used += MemoryLayout<Number>.size
        }

        private func grow(by size: Int) {
            guard unsafe used + size > memory.count else { return }
            let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(2 * memory.count, used + size), alignment: 8)
            unsafe larger.copyMemory(from: bytes)
            unsafe memory.deallocate()
            unsafe memory = unsafe larger
        }
    }
#endif
