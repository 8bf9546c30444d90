/// Memory that files are read into with `pread`, so that a bad disk makes an error and not a signal. Used again from file
/// to file: fresh memory costs more in page faults than reading and verifying what it takes.
@safe
final class ReadBuffer {
    private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit {
        unsafe memory.deallocate()
    }

    /// Reads a whole file. The bytes are valid until the next call, and as long as the buffer is referenced.
    func load(_ file: File) throws(WALError) -> UnsafeRawBufferPointer {
        let size = try file.size()
        if unsafe memory.count < size {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: size, alignment: 4096)
        }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
        let count = unsafe try file.read(at: 0, into: room)
        return unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
    }
}
