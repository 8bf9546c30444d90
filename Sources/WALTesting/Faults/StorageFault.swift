#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A fault of a call.
public enum StorageFault: Hashable, Sendable {
    /// The call isn't made, and fails with this error number.
    case error(Int32)
    /// The call reads or writes only a part. Calls of other kinds succeed.
    case short
    /// A sync fails, and the kernel drops the pages that it couldn't write, so that the file reads as it is on the
    /// disk. It needs a recording storage. Calls of other kinds get an error of the disk.
    case losingPages

    /// The disk has failed (`EIO`).
    public static let inputOutput = StorageFault.error(EIO)
    /// No space is left (`ENOSPC`).
    public static let diskFull = StorageFault.error(ENOSPC)
    /// A signal interrupted the call (`EINTR`). The log tries again at once.
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
