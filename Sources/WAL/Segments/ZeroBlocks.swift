#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Passes over zeros: most of a segment that wasn't filled is nothing else.
enum ZeroBlocks {
    static let size = 4096

    /// Where a block ends that begins at this offset and has nothing in it; nil where there is none.
    @inline(__always)
    static func end(of offset: Int, limit: Int, _ base: UnsafeRawPointer) -> Int? {
        guard offset % size == 0, offset + size <= limit, unsafe isZero(base + offset) else { return nil }
        return offset + size
    }

    /// Behind the last byte that isn't zero.
    static func usedSize(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var end = bytes.count
        while end >= size, unsafe isZero(base + end - size) { end -= size }
        while end > 0, unsafe base.load(UInt8.self, at: end - 1) == 0 { end -= 1 }
        return end
    }

    /// The first word is zero, and each other is like the one before it.
    private static func isZero(_ block: UnsafeRawPointer) -> Bool {
        let word = MemoryLayout<UInt64>.size
        return unsafe block.load(UInt64.self, at: 0) == 0 && memcmp(block, block + word, size - word) == 0
    }
}
