#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Which directory was opened, and where it was then.
package struct DirectoryPlace: Sendable {
    package let identity: FileIdentity
    /// Independent of the process's working directory. Links on the way aren't resolved: where they lead later counts.
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

    /// The path of the directory that this one is in.
    var parent: String {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        while parts.count > 1, parts.last == "" { parts.removeLast() }
        parts.removeLast()
        return parts.count > 1 ? parts.joined(separator: "/") : "/"
    }

    enum State {
        case inPlace
        /// It has no name any more.
        case removed
        /// Nothing is at its path, or another directory.
        case moved
    }

    /// Whether the directory of this descriptor is still there. Where the path can't be followed for another reason, such as rights
    /// that the process has given up, nobody knows better.
    func state(of descriptor: Int32) -> State {
        var status = stat()
        let isFound = unsafe stat(path, &status) == 0
        // One call where all is well, because each sync asks.
        if isFound, FileIdentity(status) == identity { return .inPlace }
        let isUnknown = !isFound && ![ENOENT, ENOTDIR, ELOOP].contains(errno)
        if unsafe fstat(descriptor, &status) == 0, status.st_nlink == 0 { return .removed }
        return isUnknown ? .inPlace : .moved
    }
}
