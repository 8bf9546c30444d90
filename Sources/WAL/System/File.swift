internal import CWALShims
internal import Synchronization

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
    private let isClaimed = Atomic(false)

    /// What the kernel reads from a disk at once: one bad sector makes so much unreadable.
    private static let pageSize = 4096

    enum Mode {
        case read
        case readWrite
        /// Fails where there is one already.
        case create
    }

    /// Opens the file of this name in a directory, without waiting where a pipe stands in its place. `finalName` is what it will be
    /// renamed to, for messages. With `passesOverUnreadable`, what the disk can't give is read as bytes of 0xFF, with which no frame
    /// and no header is valid.
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
        guard descriptor >= 0 else { throw WALError.system("open", path) }
        try FileOwnership.requireFile(descriptor, path, isWritten: mode != .read)
    }

    deinit {
        guard descriptor >= 0 else { return }
        unlock()
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
        return FileIdentity(mine) == FileIdentity(others)
    }

    /// Claims the file for the one who writes to it, until ``unlock()``. Throws `locked` where it is claimed: a hard link leads to one
    /// file from several directories, each of which may have a writer.
    func lock() throws(WALError) {
        let result = SystemCall.perform(hook, .lock(descriptor: descriptor)) {
            Int(flock(descriptor, LOCK_EX | LOCK_NB))
        }
        guard result != 0 else { return isClaimed.store(true, ordering: .relaxed) }
        guard errno == EWOULDBLOCK else { throw WALError.system("flock", on: self) }
        throw WALError(
            .locked, "\(path) is being written to, by a hard link in another directory. Close that log first.",
            isRetriable: true)
    }

    /// Closing alone would leave it claimed while a mapping of it, or a child between fork and exec, is there.
    func unlock() {
        if isClaimed.exchange(false, ordering: .relaxed) { flock(descriptor, LOCK_UN) }
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

    /// Makes the contents and the size durable. Not to be tried again on this file once it failed: the kernel may have
    /// dropped the pages that it couldn't write, and the next call would say that all is well.
    func sync() throws(WALError) {
        let result = SystemCall.perform(hook, .sync(descriptor: descriptor)) { Int(cwal_sync_data(descriptor)) }
        guard result == 0 else { throw WALError.system("fdatasync", on: self) }
    }
}
