internal import CWALShims

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// An open file. Closed when the last reference goes.
final class File: Sendable {
    let path: String
    let descriptor: Int32
    let hook: (any StorageHook)?
    private let passesOverUnreadable: Bool

    /// What the kernel reads from a disk at once: one bad sector makes so much unreadable.
    private static let pageSize = 4096

    enum Mode {
        case read
        case readWrite
        /// Fails where there is one already.
        case create
    }

    /// Opens the file, without waiting where a pipe stands in its place. `finalPath` is what it will be renamed to, for messages.
    /// With `passesOverUnreadable`, what the disk can't give is read as bytes of 0xFF, with which no frame and no header is valid.
    init(
        _ path: String, _ mode: Mode, finalPath: String? = nil, passesOverUnreadable: Bool = false
    ) throws(WALError) {
        self.path = finalPath ?? path
        self.passesOverUnreadable = passesOverUnreadable
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            }
        let hook = StorageHooks.hook(for: path)
        self.hook = hook
        let result = SystemCall.perform(hook, .open(path: path, creates: flags & O_CREAT != 0)) {
            unsafe Int(open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600))
        }
        descriptor = Int32(result)
        guard descriptor >= 0 else { throw WALError.system("open", path) }
        try Trust.requireFile(descriptor, path, isWritten: mode != .read)
    }

    deinit {
        guard descriptor >= 0 else { return }
        _ = SystemCall.perform(hook, .close(descriptor: descriptor)) { Int(close(descriptor)) }
    }

    func size() throws(WALError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw WALError.system("fstat", path) }
        return Int(status.st_size)
    }

    /// Whether both are one file under two names.
    func isSame(as other: File) throws(WALError) -> Bool {
        var mine = stat()
        var others = stat()
        guard unsafe fstat(descriptor, &mine) == 0, unsafe fstat(other.descriptor, &others) == 0 else {
            throw WALError.system("fstat", path)
        }
        return mine.st_dev == others.st_dev && mine.st_ino == others.st_ino
    }

    /// Reads what there is at `offset`, up to `count` bytes; fewer only at the end of the file.
    func read(at offset: Int, count: Int) throws(WALError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let total = unsafe bytes.withUnsafeMutableBytes { room in
            Result { () throws(WALError) in try unsafe read(at: offset, into: room) }
        }
        bytes.removeLast(try count - total.get())
        return bytes
    }

    /// The same into memory that is there. Returns the number of bytes read.
    func read(at offset: Int, into room: UnsafeMutableRawBufferPointer) throws(WALError) -> Int {
        var total = 0
        while total < room.count, let base = room.baseAddress {
            let (place, rest) = (offset + total, room.count - total)
            let count = SystemCall.perform(
                hook, .read(descriptor: descriptor, offset: place, count: rest), count: rest
            ) { count in
                unsafe pread(descriptor, base + total, count, off_t(place))
            }
            guard count >= 0 else {
                guard passesOverUnreadable, errno == EIO else { throw WALError.system("pread", path) }
                let unreadable = min(rest, Self.pageSize - place % Self.pageSize)
                unsafe (base + total).initializeMemory(as: UInt8.self, repeating: 0xFF, count: unreadable)
                total += unreadable
                continue
            }
            if count == 0 { break }
            total += count
        }
        return total
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(WALError) {
        var total = 0
        while total < bytes.count, let base = bytes.baseAddress {
            let place = offset + total
            let rest = unsafe UnsafeRawBufferPointer(start: base + total, count: bytes.count - total)
            let count = SystemCall.perform(
                hook, unsafe .write(descriptor: descriptor, offset: place, bytes: rest), count: rest.count
            ) { count in
                unsafe pwrite(descriptor, rest.baseAddress, count, off_t(place))
            }
            guard count >= 0 else { throw WALError.system("pwrite", path) }
            total += count
        }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(WALError) {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(WALError) in try unsafe write(bytes, at: offset) }
        }
        try result.get()
    }

    func truncate(to size: Int) throws(WALError) {
        let result = SystemCall.perform(hook, .truncate(descriptor: descriptor, size: size)) {
            Int(ftruncate(descriptor, off_t(size)))
        }
        guard result == 0 else { throw WALError.system("ftruncate", path) }
    }

    /// Makes the contents and the size durable. Not to be tried again on this file once it failed: the kernel may have
    /// dropped the pages that it couldn't write, and the next call would say that all is well.
    func sync() throws(WALError) {
        let result = SystemCall.perform(hook, .sync(descriptor: descriptor)) { Int(cwal_sync_data(descriptor)) }
        guard result == 0 else { throw WALError.system("fdatasync", path) }
    }
}
