#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The identity of an opened directory, and the path at which it was opened.
package struct DirectoryPlace: Sendable {
    package let identity: FileIdentity
    /// An absolute path, independent of the process's working directory. Symbolic links in it aren't resolved, because
    /// their later targets count.
    let path: String

    init(_ path: String, _ status: stat) {
        identity = FileIdentity(status)
        self.path = path.hasPrefix("/") ? path : Self.workingDirectory + "/" + path
    }

    private static var workingDirectory: String {
        guard let path = unsafe getcwd(nil, 0) else { return "." }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// The path of the parent directory.
    var parent: String {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        while parts.count > 1, parts.last == "" { parts.removeLast() }
        // These names aren't entries of the directory before them.
        if parts.last == "." || parts.last == ".." { return path + "/.." }
        parts.removeLast()
        return parts.count > 1 ? parts.joined(separator: "/") : "/"
    }

    enum State {
        case inPlace
        /// The directory has no name any more.
        case removed
        /// There is nothing at its path, or another directory.
        case moved
    }

    /// Returns whether the directory of this descriptor is still in its place. If the path can't be followed for
    /// another reason, such as rights that the process has given up, the directory counts as in place.
    func state(of descriptor: Int32) -> State {
        var status = stat()
        let isFound = unsafe stat(path, &status) == 0
        // In the normal case this takes only one call, because each sync asks.
        if isFound, FileIdentity(status) == identity { return .inPlace }
        let isUnknown = !isFound && ![ENOENT, ENOTDIR, ELOOP].contains(errno)
        if unsafe fstat(descriptor, &status) == 0, status.st_nlink == 0 { return .removed }
        return isUnknown ? .inPlace : .moved
    }
}

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
