/// Memory for the encoded mutations of a stripe: chunks that are filled one after another, and let go in the same order.
///
/// Growing moves nothing, so that no caller pays for what others have saved while the store was away.
@safe struct OverlayBytes {
    /// Where an encoding lies.
    struct Place {
        /// Chunks are counted from the first that ever was, and start over after 2^32.
        var chunk: UInt32
        var offset: UInt32
        var size: UInt32
    }

    /// Some dozen tasks: few enough bytes that an idle stripe wastes little.
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

    /// Nil where it was let go of.
    private var chunks: [Chunk?] = []
    /// Those before it have been let go of.
    private var startIndex = 0
    private var startNumber: UInt32 = 0
    /// The last chunk's memory, and how much of it is used: at hand, since each mutation asks.
    private var tail = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var used = 0
    /// How many bytes the chunks take.
    private(set) var memorySize = 0

    /// Room for an encoding behind what is kept. It stays free until ``keep(_:)``.
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

    /// Keeps what was written into the last room.
    mutating func keep(_ size: Int) -> Place {
        let place = Place(
            chunk: startNumber &+ UInt32(chunks.count - startIndex - 1), offset: UInt32(used), size: UInt32(size))
        used += size
        return place
    }

    /// Appends what lies at a place, which must be kept still.
    func copy(_ place: Place, to bytes: inout [UInt8]) {
        guard let chunk = chunks[startIndex + Int(place.chunk &- startNumber)] else { return }
        let memory = unsafe chunk.memory
        let start = Int(place.offset)
        unsafe bytes.append(contentsOf: memory[start..<start + Int(place.size)])
    }

    /// Lets go of the chunks before this one.
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

    /// Lets go of everything. One chunk stays, and is filled again from its start while the processor's caches have it.
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
