#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A file's bytes in memory, shared with the file. They are unmapped with the last reference.
@safe
final class Mapping: @unchecked Sendable {
    // The properties never change. The frames' commit words order accesses to the memory.
    /// The address of the first byte, valid while the mapping is referenced.
    let base: UnsafeMutableRawPointer
    let size: Int
    private let hook: (any StorageHook)?

    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: size) }

    init(_ file: File, size: Int, isWritable: Bool) throws(WALError) {
        let protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ
        hook = file.hook
        let result = SystemCall.perform(
            hook, .map(descriptor: file.descriptor, size: size, isWritable: isWritable)
        ) {
            unsafe Int(bitPattern: mmap(nil, size, protection, MAP_SHARED, file.descriptor, 0))
        }
        // MAP_FAILED is -1.
        guard result != -1, let address = unsafe UnsafeMutableRawPointer(bitPattern: result) else {
            throw WALError.system("mmap", on: file)
        }
        unsafe base = unsafe address
        self.size = size
    }

    /// Maps zeroed memory that belongs to no file.
    init(memoryOf size: Int) throws(WALError) {
        hook = nil
        let address = unsafe mmap(nil, max(size, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | Self.anonymous, -1, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw WALError.system("mmap", "memory for a segment")
        }
        unsafe base = unsafe address
        self.size = size
    }

    #if canImport(Darwin)
        private static let anonymous = MAP_ANON
    #else
        private static let anonymous = MAP_ANONYMOUS
    #endif

    deinit {
        _ = SystemCall.perform(hook, .unmap(address: unsafe Int(bitPattern: base))) {
            unsafe Int(munmap(base, max(size, 1)))
        }
    }

    /// Fills the page tables now, so that no later store causes a page fault.
    func populate() {
        #if os(Linux)
            unsafe madvise(base, size, MADV_POPULATE_WRITE)
        #endif
    }

    /// Removes written pages from the page tables all at once, before a sync does it page by page. A sync
    /// write-protects each mapped page and waits until the other processors have forgotten it.
    ///
    /// With 10,000 tasks waiting for durable appends, that took a sixth of the processors' time. Without it, they made
    /// 527,000 durable appends a second instead of 424,000 (medians of nine rounds). The last page stays mapped,
    /// because appending continues there. For few pages the call isn't worthwhile.
    func releasePages(in range: Range<Int>) {
        #if os(Linux)
            let start = range.lowerBound / Self.pageSize * Self.pageSize
            let end = min(range.upperBound, size) / Self.pageSize * Self.pageSize
            guard end - start >= 2 * Self.pageSize else { return }
            unsafe madvise(base + start, end - start, MADV_DONTNEED)
        #endif
    }

    /// Replaces the pages that start at or after an offset with zeros that belong to no file. The process may still
    /// read them, but not store into them.
    ///
    /// Call this before cutting the file to the offset. An access past the end of a file raises SIGBUS, and a reader
    /// may read there at a damaged frame with a wrong length.
    func detach(from offset: Int) throws(WALError) {
        let start = Self.endOfPage(before: offset)
        guard start < size else { return }
        let zeros = unsafe mmap(
            base + start, size - start, PROT_READ, MAP_PRIVATE | MAP_FIXED | Self.anonymous, -1, 0)
        guard unsafe zeros != MAP_FAILED else { throw WALError.system("mmap", "memory after a segment's end") }
    }

    /// The end of the page that has the byte before an offset.
    static func endOfPage(before offset: Int) -> Int { (offset + pageSize - 1) / pageSize * pageSize }

    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))

    /// Reads pages and maps them, in one call instead of one page fault for every few pages. `offset` must be a
    /// multiple of the page size. Returns false if a page can't be read, or if the system doesn't report that.
    @discardableResult
    func populateForReading(from offset: Int = 0, count: Int) -> Bool {
        #if os(Linux)
            unsafe madvise(base + offset, min(count, size - offset), MADV_POPULATE_READ) == 0
        #else
            false
        #endif
    }
}
