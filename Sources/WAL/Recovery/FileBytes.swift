/// A file's bytes, read with `pread`, so that a bad disk makes an error and not a signal.
@safe
final class FileBytes {
    private let memory: UnsafeMutableRawBufferPointer
    let count: Int

    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    init(_ file: File) throws(WALError) {
        unsafe memory = .allocate(byteCount: try file.size(), alignment: 4096)
        do throws(WALError) {
            count = unsafe try file.read(at: 0, into: memory)
        } catch {
            unsafe memory.deallocate()
            throw error
        }
    }

    deinit {
        unsafe memory.deallocate()
    }
}
