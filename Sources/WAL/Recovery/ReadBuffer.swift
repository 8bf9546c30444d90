/// A file's bytes, for reading all of them once. A bad disk makes an error, and not a signal, unless the kernel lets go of a page
/// between reading it in and its use, and can't read it a second time.
@safe
final class ReadBuffer {
    private var mapping: Mapping?
    /// Used again from file to file: fresh memory costs more in page faults than reading and verifying what it takes.
    private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit {
        unsafe memory.deallocate()
    }

    /// Reads a whole segment. The bytes are valid until the next call, and as long as the buffer is referenced.
    ///
    /// With `isSettled`, nobody makes the file shorter meanwhile, so that it can be mapped: copying out of the page cache takes
    /// twice as long as verifying. A test's hook is asked about reads, so it gets them.
    func load(_ file: SegmentFile, isSettled: Bool) throws(WALError) -> UnsafeRawBufferPointer {
        let size = try file.size()
        mapping = nil
        if isSettled, size > 0, case .plain(let file) = file, file.hook == nil,
            let mapping = try? Mapping(file, size: size, isWritable: false),
            mapping.populateForReading(count: size)
        {
            self.mapping = mapping
            return unsafe mapping.bytes
        }
        if unsafe memory.count < size {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: size, alignment: 4096)
        }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
        let count = unsafe try file.read(at: 0, into: room)
        return unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
    }
}
