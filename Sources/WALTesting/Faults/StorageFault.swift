#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A fault of a system call.
public enum StorageFault: Hashable, Sendable, CustomStringConvertible {
    /// The call isn't made, and fails with this error number.
    case error(Int32)
    /// The call reads or writes only a part of the bytes. Calls of other kinds succeed.
    case short
    /// A sync fails, and the kernel drops the pages that it couldn't write. After that the file reads as it is on the
    /// disk. This fault requires a storage that records. Calls of other kinds fail with an error of the disk.
    case losingPages

    /// The disk has failed (`EIO`).
    public static let inputOutput = StorageFault.error(EIO)
    /// No space is left (`ENOSPC`).
    public static let diskFull = StorageFault.error(ENOSPC)
    /// A signal interrupted the call (`EINTR`). The log retries the call at once.
    public static let interrupted = StorageFault.error(EINTR)

    public var description: String {
        switch self {
        case .error(let number): unsafe String(cString: strerror(number))
        case .short: "a part only"
        case .losingPages: "an error that loses pages"
        }
    }
}
