#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The identity of a file or directory, independent of its names.
package struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
}

extension FileIdentity {
    init(_ status: stat) {
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
