/// Decompresses a segment into memory, block by block as a reader comes to them. Belongs to that reader.
final class Decompressor {
    private let segment: CompressedSegment
    private let memory: Mapping
    private var loaded: [Bool]

    init(_ segment: CompressedSegment, into memory: Mapping) {
        self.segment = segment
        self.memory = memory
        loaded = Array(repeating: false, count: segment.blocks(of: 0..<segment.size).count)
    }

    /// Decompresses what isn't there yet of a range, which may go beyond the end.
    func load(_ range: Range<Int>) throws(WALError) {
        for index in segment.blocks(of: range) where !loaded[index] {
            let place = segment.place(ofBlock: index)
            let room = unsafe UnsafeMutableRawBufferPointer(start: memory.base + place.lowerBound, count: place.count)
            unsafe try segment.decompress(block: index, into: room)
            loaded[index] = true
        }
    }
}
