#if Postgres
    internal import WAL

    /// Bytes in PostgreSQL's binary form, whose integers are big-endian. Values are written once, directly into the
    /// memory that is sent, and that memory is reused.
    @safe struct WireBytes: ~Copyable {
        private var memory: UnsafeMutableRawBufferPointer
        private(set) var count = 0

        private static let capacityMin = 1 << 10
        /// The largest memory that is kept for the next batch, in bytes.
        private static let keptMax = 4 << 20

        init() {
            unsafe memory = .allocate(byteCount: Self.capacityMin, alignment: 8)
        }

        deinit {
            unsafe memory.deallocate()
        }

        /// All bytes. Valid until they change.
        var bytes: UnsafeRawBufferPointer {
            unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
        }

        mutating func removeAll() {
            if unsafe memory.count > Self.keptMax {
                unsafe memory.deallocate()
                unsafe memory = .allocate(byteCount: Self.capacityMin, alignment: 8)
            }
            count = 0
        }

        mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
            let size = MemoryLayout<Number>.size
            grow(by: size)
            unsafe memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: Number.self)
            count += size
        }

        mutating func put(_ bytes: UnsafeRawBufferPointer) {
            grow(by: bytes.count)
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
            count += bytes.count
        }

        /// Replaces the number at an offset.
        mutating func overwrite(_ number: Int32, at offset: Int) {
            unsafe memory.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Int32.self)
        }

        private mutating func grow(by size: Int) {
            guard unsafe count + size > memory.count else { return }
            let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(2 * memory.count, count + size), alignment: 8)
            unsafe larger.copyMemory(from: bytes)
            unsafe memory.deallocate()
            unsafe memory = unsafe larger
        }
    }
#endif
