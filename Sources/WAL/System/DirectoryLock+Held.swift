#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension DirectoryLock {
    /// Whether a writer has the directory now. Takes the lock, shared, for the moment that the question takes, by a descriptor of the
    /// reader's own.
    static func isHeld(in directory: Directory) -> Bool {
        guard flock(directory.descriptor, LOCK_SH | LOCK_NB) == 0 else { return true }
        flock(directory.descriptor, LOCK_UN)
        return false
    }
}
