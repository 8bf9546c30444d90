#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A file's bytes in memory, shared with the file. Unmapped when the last reference goes.
@safe
final class Mapping: @unchecked Sendable {
    // The properties never change; what they point to is ordered by the frames' commit words.
    /// Valid as long as the mapping is referenced.
    let base: UnsafeMutableRawPointer
    let size: Int

    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: size) }

    init(_ file: File, size: Int, isWritable: Bool) throws(WALError) {
        let protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ
        let address = unsafe mmap(nil, size, protection, MAP_SHARED, file.descriptor, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw WALError.system("mmap", file.path)
        }
        unsafe base = unsafe address
        self.size = size
    }

    deinit {
        unsafe munmap(base, size)
    }

    /// Makes the page tables now, so that no store meets a page fault later.
    func populate() {
        #if os(Linux)
            unsafe madvise(base, size, MADV_POPULATE_WRITE)
        #endif
    }
}
