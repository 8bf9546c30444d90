#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension DirectoryLock {
    /// Whether a writer has the directory open now. Takes a shared lock for the moment of the test, through a
    /// descriptor of the reader's own.
    static func isHeld(in directory: Directory) -> Bool {
        guard flock(directory.descriptor, LOCK_SH | LOCK_NB) == 0 else { return true }
        flock(directory.descriptor, LOCK_UN)
        return false
    }
}
