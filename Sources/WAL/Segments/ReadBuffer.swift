/// A file's bytes, for reading all of them once. A bad disk makes an error, and not a signal, unless the kernel lets go of a page
/// between reading it in and its use, and can't read it a second time.
@safe
final class ReadBuffer {
    private var mapping: Mapping?
    /// Used again from file to file: fresh memory costs more in page faults than reading and verifying what it takes.
    private var memory: Mapping?

    /// Reads a whole segment; a compressed one as a walk comes to its blocks. The bytes are valid until the next call, and as long
    /// as the buffer is referenced.
    ///
    /// With `isImmutable`, nobody makes the file shorter meanwhile, so that it can be mapped: copying out of the page cache takes
    /// twice as long as verifying. A test's hook is asked about reads, so it gets them.
    func load(_ file: SegmentFile, isImmutable: Bool) throws(WALError) -> SegmentBytes {
        if case .compressed(let segment) = file { return SegmentBytes(segment) }
        let file = file.file
        let size = try file.size()
        mapping = nil
        if isImmutable, size > 0, file.hook == nil,
            let mapping = try? Mapping(file, size: size, isWritable: false),
            mapping.populateForReading(count: size)
        {
            self.mapping = mapping
            return unsafe SegmentBytes(mapping.bytes)
        }
        let memory = try memory(of: size)
        let count = unsafe try file.read(at: 0, into: UnsafeMutableRawBufferPointer(start: memory.base, count: size))
        return unsafe SegmentBytes(UnsafeRawBufferPointer(rebasing: memory.bytes[..<count]))
    }

    private func memory(of size: Int) throws(WALError) -> Mapping {
        if let memory, memory.size >= size { return memory }
        memory = nil
        let larger = try Mapping(memoryOf: size)
        memory = larger
        return larger
    }
}
