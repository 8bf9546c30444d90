internal import CWALShims

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The lock that ensures that a directory has one writer: `flock` on the directory itself against other processes, and
/// a registry against this process.
///
/// Removing, replacing or linking a file can't bypass it, and a directory is the same under any name.
///
/// The file `LOCK` shows operators the process that has the directory open. It is locked, too, for older builds that
/// lock nothing else.
final class DirectoryLock: Sendable {
    static let fileName = "LOCK"
    private static let triesMax = 20

    private static let registry = Monitor<Set<FileIdentity>>([])
    /// The lock; nil once released.
    private let held: Monitor<Held?>

    private struct Held {
        var directory: Directory
        /// The descriptor of the file.
        var descriptor: Int32

        func release() {
            // Unlock explicitly. A child between fork and exec shares the descriptors' locks, so closing alone would
            // leave the directory locked.
            flock(descriptor, LOCK_UN)
            close(descriptor)
            flock(directory.descriptor, LOCK_UN)
            _ = DirectoryLock.registry.withLock { $0.remove(directory.place.identity) }
        }
    }

    init(_ directory: Directory) throws(WALError) {
        let identity = directory.place.identity
        guard Self.registry.withLock({ $0.insert(identity).inserted }) else {
            throw WALError(
                .locked, "\(directory.path) is open for writing in this process. Share that log, or close it.",
                isRetriable: true)
        }
        do throws(WALError) {
            held = Monitor(Held(directory: directory, descriptor: try Self.lock(directory)))
        } catch {
            flock(directory.descriptor, LOCK_UN)
            _ = Self.registry.withLock { $0.remove(identity) }
            throw error
        }
    }

    deinit {
        release()
    }

    func release() {
        held.withLock { held in
            held?.release()
            held = nil
        }
    }

    /// Whether a writer has the directory open now. Takes a shared lock for the moment of the test, through a
    /// descriptor of the reader's own.
    static func isHeld(in directory: Directory) -> Bool {
        guard flock(directory.descriptor, LOCK_SH | LOCK_NB) == 0 else { return true }
        flock(directory.descriptor, LOCK_UN)
        return false
    }

    /// Locks the directory and the file in it, and writes this process's number to the file. Returns the file's
    /// descriptor.
    private static func lock(_ directory: Directory) throws(WALError) -> Int32 {
        let path = directory.path(of: fileName)
        let hook = StorageHooks.hook(for: path)
        guard try lock(directory.descriptor, directory, hook) else {
            throw locked(directory, by: (try? File(fileName, in: directory, .read)).flatMap { owner($0.descriptor) })
        }
        let opened = SystemCall.perform(hook, .open(path: path, creates: true)) {
            unsafe Int(cwal_open_at(directory.descriptor, fileName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600))
        }
        guard opened >= 0 else { throw WALError.system("open", path) }
        let descriptor = Int32(opened)
        do throws(WALError) {
            try FileOwnership.requireFile(descriptor, path, isWritten: true)
            guard try lock(descriptor, directory, hook) else { throw locked(directory, by: owner(descriptor)) }
        } catch {
            close(descriptor)
            throw error
        }
        let text = "\(getpid())\n"
        cwal_ftruncate(descriptor, 0)
        unsafe cwal_pwrite(descriptor, text, text.utf8.count, 0)
        return descriptor
    }

    /// Locks a descriptor. Returns false if another process holds the lock. A reader that looks for a writer holds it for a moment, so this
    /// tries several times.
    private static func lock(
        _ descriptor: Int32, _ directory: Directory, _ hook: (any StorageHook)?
    ) throws(WALError) -> Bool {
        for _ in 0..<triesMax {
            let result = SystemCall.perform(hook, .lock(descriptor: descriptor)) {
                Int(flock(descriptor, LOCK_EX | LOCK_NB))
            }
            if result == 0 { return true }
            guard errno == EWOULDBLOCK else { throw WALError.system("flock", on: directory) }
            NamedThread.sleep(.milliseconds(1))
        }
        return false
    }

    private static func locked(_ directory: Directory, by owner: Int?) -> WALError {
        let owner = owner.map { " by process \($0)" } ?? ""
        return WALError(
            .locked, "\(directory.path) is open for writing\(owner). Close it there, or open it read-only.",
            isRetriable: true)
    }

    private static func owner(_ descriptor: Int32) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: bytes[..<count], as: UTF8.self).filter(\.isNumber))
    }
}
