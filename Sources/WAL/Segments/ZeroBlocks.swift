#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Skips zeros, which make up most of a partly filled segment.
enum ZeroBlocks {
    static let size = 4096

    /// Returns the end of the block that begins at this offset, if the block is all zeros. Otherwise returns nil.
    @inline(__always)
    static func end(of offset: Int, limit: Int, _ base: UnsafeRawPointer) -> Int? {
        guard offset % size == 0, offset + size <= limit, unsafe isZero(base + offset) else { return nil }
        return offset + size
    }

    /// Returns the offset after the last byte that isn't zero.
    static func usedSize(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var end = bytes.count
        while end >= size, unsafe isZero(base + end - size) { end -= size }
        while end > 0, unsafe base.load(UInt8.self, at: end - 1) == 0 { end -= 1 }
        return end
    }

    /// Whether a file has a range of bytes, all zeros.
    static func areZero(_ file: File, from start: Int, to end: Int) throws(WALError) -> Bool {
        var offset = start
        while offset < end {
            let piece = try file.read(at: offset, count: min(end - offset, 256 << 10))
            guard !piece.isEmpty, unsafe piece.withUnsafeBytes({ unsafe usedSize($0) }) == 0 else { return false }
            offset += piece.count
        }
        return true
    }

    /// Whether the first word is zero, and each word equals the one before it.
    private static func isZero(_ block: UnsafeRawPointer) -> Bool {
        let word = MemoryLayout<UInt64>.size
        return unsafe block.load(UInt64.self, at: 0) == 0 && memcmp(block, block + word, size - word) == 0
    }
}
