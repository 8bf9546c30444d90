/// A buffer for reading all bytes of a file once.
///
/// A bad sector throws instead of raising SIGBUS, unless the kernel evicts a page and can't read it a second time.
@safe
final class ReadBuffer {
    private var mapping: Mapping?
    /// Memory reused from file to file. New memory costs more in page faults than reading and verifying the bytes.
    private var memory: Mapping?

    /// Reads a plain segment up to the capacity in its header, where frames and footer end. The blocks of a compressed
    /// one are read when a walk reaches them.
    ///
    /// A damaged file may be larger than its capacity, and larger than the machine's memory.
    ///
    /// The bytes are valid until the next call, and only while the buffer is referenced.
    ///
    /// With `isImmutable`, no process shortens the file meanwhile, so it can be mapped: copying out of the page cache
    /// takes twice as long as verifying. A file with a test hook isn't mapped, because the hook watches reads.
    func load(_ file: SegmentFile, of header: SegmentHeader, isImmutable: Bool) throws(WALError) -> SegmentBytes {
        if case .compressed(let segment) = file { return SegmentBytes(segment) }
        let file = file.file
        let size = try min(file.size(), Int(clamping: header.capacity))
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
