#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// An error of a system call that the test kit made.
public struct SystemCallError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the system call.
    public var call: String
    /// The object of the system call: a path or an address.
    public var what: String
    /// The operating system's error number.
    public var errno: Int32

    public var description: String {
        let reason = unsafe String(cString: strerror(errno))
        return "\(call) of \(what) failed: \(reason)"
    }
}
