internal import CWALShims
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// An open file. It is closed with its last reference.
final class File: Sendable {
    let path: String
    let descriptor: Int32
    let hook: (any StorageHook)?
    /// The number of the file's bytes when it was opened.
    let sizeAtOpening: Int
    private let passesOverUnreadable: Bool
    private let isClaimed = Atomic(false)

    /// The unit in which the kernel reads from a disk: one bad sector makes this number of bytes unreadable.
    private static let pageSize = 4096

    enum Mode {
        case read
        case readWrite
        /// Fails if the file exists.
        case create
    }

    /// Opens a file in a directory by its name. Doesn't wait if the name is that of a pipe.
    ///
    /// `finalName` is the name that the file will be renamed to, for messages. With `passesOverUnreadable`, unreadable
    /// sectors are read as bytes of 0xFF, which aren't a valid frame or a valid header.
    convenience init(
        _ name: String, in directory: Directory, _ mode: Mode, finalName: String? = nil,
        passesOverUnreadable: Bool = false
    ) throws(WALError) {
        try self.init(
            name, at: directory.descriptor, path: directory.path(of: name), mode,
            finalPath: finalName.map(directory.path(of:)), passesOverUnreadable: passesOverUnreadable)
    }

    /// Opens the file at a path.
    convenience init(_ path: String, _ mode: Mode) throws(WALError) {
        try self.init(path, at: AT_FDCWD, path: path, mode, finalPath: nil, passesOverUnreadable: false)
    }

    private init(
        _ name: String, at directory: Int32, path: String, _ mode: Mode, finalPath: String?, passesOverUnreadable: Bool
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
            unsafe Int(cwal_open_at(directory, name, flags | O_NOFOLLOW | O_NONBLOCK, 0o600))
        }
        descriptor = Int32(result)
        guard descriptor >= 0 else {
            sizeAtOpening = 0
            throw WALError.system("open", path)
        }
        var status = stat()
        let isKnown = unsafe fstat(descriptor, &status) == 0
        sizeAtOpening = Int(status.st_size)
        guard isKnown else { throw WALError.system("fstat", path) }
        try FileOwnership.requireFile(status, path, isWritten: mode != .read)
    }

    deinit {
        guard descriptor >= 0 else { return }
        unlock()
        _ = SystemCall.perform(hook, .close(descriptor: descriptor)) { Int(close(descriptor)) }
    }

    func size() throws(WALError) -> Int {
        Int(try SystemCall.status(of: descriptor, path).st_size)
    }

    /// Whether both objects are the same file, under any names.
    func isSame(as other: File) throws(WALError) -> Bool {
        try FileIdentity(SystemCall.status(of: descriptor, path))
            == FileIdentity(SystemCall.status(of: other.descriptor, path))
    }

    /// Claims the file for its writer until ``unlock()``. Throws ``WALError/Code/locked`` if it is claimed already:
    /// through hard links, one file can be in several directories, and each may have a writer.
    func lock() throws(WALError) {
        let result = SystemCall.perform(hook, .lock(descriptor: descriptor)) {
            Int(flock(descriptor, LOCK_EX | LOCK_NB))
        }
        guard result != 0 else { return isClaimed.store(true, ordering: .relaxed) }
        guard errno == EWOULDBLOCK else { throw WALError.system("flock", on: self) }
        throw WALError(
            .locked, "\(path) is being written to through a hard link in another directory. Close that log first.",
            isRetriable: true)
    }

    /// Releases the claim. Closing alone would leave the file claimed while a mapping of it exists, or a child between
    /// fork and exec.
    func unlock() {
        if isClaimed.exchange(false, ordering: .relaxed) { flock(descriptor, LOCK_UN) }
    }

    /// Reads up to `count` bytes at `offset`. Returns fewer bytes only at the end of the file.
    func read(at offset: Int, count: Int) throws(WALError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let total = unsafe bytes.withUnsafeMutableBytes { room in
            Result { () throws(WALError) in try unsafe read(at: offset, into: room) }
        }
        bytes.removeLast(try count - total.get())
        return bytes
    }

    /// Reads into existing memory. Returns the number of bytes, which is less than the memory's size only at the end of
    /// the file.
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
                unsafe cwal_pwrite(descriptor, rest.baseAddress, count, off_t(place))
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
            Int(cwal_ftruncate(descriptor, off_t(size)))
        }
        guard result == 0 else { throw WALError.system("ftruncate", path) }
    }

    /// Makes the contents and the size durable.
    ///
    /// Never sync a file again after a failure. The kernel may have dropped the pages that it couldn't write, and the
    /// next call would succeed wrongly.
    func sync() throws(WALError) {
        let result = SystemCall.perform(hook, .sync(descriptor: descriptor)) { Int(cwal_sync_data(descriptor)) }
        guard result == 0 else { throw WALError.system("fdatasync", on: self) }
    }
}
