internal import CWALLZ4

/// Blocks of LZ4 without a frame. The caller keeps the size of the content.
package enum LZ4Block {
    /// The largest expansion of LZ4. It bounds the memory that a reader allocates for a size that a file or a message states.
    package static let expansionMax = 255

    /// Returns the bytes compressed, or nil if that saves less than an eighth.
    package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        let target = bytes.count - bytes.count / 8
        guard bytes.count <= Int(LZ4_MAX_INPUT_SIZE) else { return nil }
        let stored = unsafe [UInt8](unsafeUninitializedCapacity: target) { room, count in
            unsafe bytes.withUnsafeBytes { source in
                let written = unsafe LZ4_compress_default(
                    source.baseAddress, room.baseAddress, Int32(source.count), Int32(target))
                count = Int(written)
            }
        }
        return stored.isEmpty ? nil : stored
    }

    /// Decompresses a block into all of `room`. Returns false if the block doesn't have exactly that content.
    @unsafe
    package static func decompress(_ block: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Bool {
        guard room.count <= Int(Int32.max), block.count <= Int(Int32.max) else { return false }
        let written = unsafe LZ4_decompress_safe(
            block.baseAddress, room.baseAddress, Int32(block.count), Int32(room.count))
        return Int(written) == room.count
    }
}
