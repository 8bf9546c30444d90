#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// What makes sure that a directory has one writer: `flock` against other processes, and a registry against this one.
final class DirectoryLock: Sendable {
    static let fileName = "LOCK"

    private static let registry = Monitor<Set<FileIdentity>>([])
    /// Nil once released.
    private let held: Monitor<Held?>

    private struct Held {
        var descriptor: Int32
        var identity: FileIdentity
    }

    private struct FileIdentity: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    init(_ directory: Directory) throws(WALError) {
        let path = directory.path(of: Self.fileName)
        let hook = StorageHooks.hook(for: path)
        let opened = SystemCall.perform(hook, .open(path: path, creates: true)) {
            unsafe Int(open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600))
        }
        guard opened >= 0 else { throw WALError.system("open", path) }
        let descriptor = Int32(opened)
        do throws(WALError) {
            try Trust.requireFile(descriptor, path, isWritten: true)
            let locked = SystemCall.perform(hook, .lock(descriptor: descriptor)) {
                Int(flock(descriptor, LOCK_EX | LOCK_NB))
            }
            guard locked == 0 else {
                guard errno == EWOULDBLOCK else { throw WALError.system("flock", path) }
                let owner = Self.owner(descriptor).map { " by process \($0)" } ?? ""
                throw WALError(
                    .locked, "\(directory.path) is open for writing\(owner). Close it there, or open it read-only.",
                    isRetriable: true)
            }
            let identity = try Self.identity(descriptor, path)
            guard Self.registry.withLock({ $0.insert(identity).inserted }) else {
                throw WALError(
                    .locked, "\(directory.path) is open for writing in this process. Share that log, or close it.",
                    isRetriable: true)
            }
            held = Monitor(Held(descriptor: descriptor, identity: identity))
        } catch {
            close(descriptor)
            throw error
        }
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        unsafe pwrite(descriptor, text, text.utf8.count, 0)
    }

    deinit {
        release()
    }

    func release() {
        held.withLock { held in
            guard let mine = held else { return }
            _ = Self.registry.withLock { $0.remove(mine.identity) }
            // A child between fork and exec shares the descriptor's lock, so closing alone would leave the directory locked.
            flock(mine.descriptor, LOCK_UN)
            close(mine.descriptor)
            held = nil
        }
    }

    private static func identity(_ descriptor: Int32, _ path: String) throws(WALError) -> FileIdentity {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw WALError.system("fstat", path) }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private static func owner(_ descriptor: Int32) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: bytes[..<count], as: UTF8.self).filter(\.isNumber))
    }
}
