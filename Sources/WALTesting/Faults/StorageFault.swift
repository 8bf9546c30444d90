#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// What goes wrong with a call.
public enum StorageFault: Hashable, Sendable {
    /// It isn't made, and fails with this error number.
    case error(Int32)
    /// It reads or writes a part only. Of other calls, nothing goes wrong.
    case short
    /// Of a sync: it fails, and the kernel forgets what it couldn't write, so that the file reads as it is on the disk. Needs a
    /// storage that records; of other calls, an error of the disk.
    case losingPages

    /// The disk has failed (`EIO`).
    public static let inputOutput = StorageFault.error(EIO)
    /// No space is left (`ENOSPC`).
    public static let diskFull = StorageFault.error(ENOSPC)
    /// A signal came in between (`EINTR`); the log tries again at once.
    public static let interrupted = StorageFault.error(EINTR)
}

extension StorageFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .error(let number): unsafe String(cString: strerror(number))
        case .short: "a part only"
        case .losingPages: "an error that loses pages"
        }
    }
}
