/// Memory for the encoded mutations of a stripe, in chunks that are filled one after another and released in the same
/// order.
///
/// Growing moves no bytes, so no caller pays for the changes that others saved while the store was unavailable.
@safe struct OverlayBytes {
    /// The position of an encoding.
    struct Place {
        /// The number of the chunk, counted from the first ever. It wraps around after 2^32.
        var chunk: UInt32
        var offset: UInt32
        var size: UInt32
    }

    /// Space for a few dozen tasks. It is small enough that an idle stripe wastes little.
    private static let chunkSize = 16 << 10

    @safe private final class Chunk {
        let memory: UnsafeMutableRawBufferPointer

        init(size: Int) {
            unsafe memory = .allocate(byteCount: size, alignment: 8)
        }

        deinit {
            unsafe memory.deallocate()
        }
    }

    /// The chunks. Nil for released ones.
    private var chunks: [Chunk?] = []
    /// The index of the first chunk that isn't released.
    private var startIndex = 0
    private var startNumber: UInt32 = 0
    /// The last chunk's memory and its used size, kept here because each mutation reads them.
    private var tail = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var used = 0
    /// The number of bytes of all chunks.
    private(set) var memorySize = 0

    /// Returns space for an encoding after the kept ones. It stays free until ``keep(_:)``.
    mutating func room(for size: Int) -> UnsafeMutableRawBufferPointer {
        if unsafe tail.count - used < size {
            let chunk = Chunk(size: max(size, Self.chunkSize))
            chunks.append(chunk)
            memorySize += unsafe chunk.memory.count
            unsafe tail = unsafe chunk.memory
            used = 0
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: tail[used..<used + size])
    }

    /// Keeps the bytes written into the last space.
    mutating func keep(_ size: Int) -> Place {
        let place = Place(
            chunk: startNumber &+ UInt32(chunks.count - startIndex - 1), offset: UInt32(used), size: UInt32(size))
        used += size
        return place
    }

    /// Appends the encoding at a place, which must not be released.
    func copy(_ place: Place, to bytes: inout [UInt8]) {
        guard let chunk = chunks[startIndex + Int(place.chunk &- startNumber)] else { return }
        let memory = unsafe chunk.memory
        let start = Int(place.offset)
        unsafe bytes.append(contentsOf: memory[start..<start + Int(place.size)])
    }

    /// Releases the chunks before this one.
    mutating func release(before chunk: UInt32) {
        guard chunk != startNumber else { return }
        let kept = startIndex + Int(chunk &- startNumber)
        for index in startIndex..<kept {
            memorySize -= unsafe chunks[index]?.memory.count ?? 0
            chunks[index] = nil
        }
        startIndex = kept
        startNumber = chunk
        if startIndex > chunks.count / 2 {
            chunks.removeFirst(startIndex)
            startIndex = 0
        }
    }

    /// Releases all chunks but one. It is filled again from its start while it is still in the processor's caches.
    mutating func releaseAll() {
        guard let last = chunks.last ?? nil else { return }
        startNumber &+= UInt32(chunks.count - startIndex)
        startIndex = 0
        used = 0
        chunks.removeAll(keepingCapacity: chunks.count < 64)
        memorySize = 0
        guard unsafe last.memory.count == Self.chunkSize else {
            unsafe tail = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            return
        }
        chunks.append(last)
        memorySize = Self.chunkSize
    }
}
