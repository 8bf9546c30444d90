internal import WAL

/// The files and directories that a crash leaves.
public struct CrashImage: Hashable, Sendable {
    /// The contents of the files, by their paths relative to the watched directory.
    public var files: [String: [UInt8]] = [:]
    /// The paths of the directories, parents before their contents.
    public var directories: [String] = []

    init() {}

    /// Makes the contents of a directory equal to the image, and removes all other files.
    ///
    /// Writes all files on the calling thread.
    public func write(to directory: String) throws {
        try DirectoryContents.make(directory)
        // Existing files are overwritten, which is faster than creating them again.
        try removeOthers(in: directory, below: "")
        for path in directories { try DirectoryContents.make("\(directory)/\(path)") }
        for (path, contents) in files { try DirectoryContents.write(contents, to: "\(directory)/\(path)") }
    }

    private func removeOthers(in directory: String, below prefix: String) throws {
        for name in try DirectoryContents.names(directory) {
            let path = prefix + name
            if directories.contains(path) {
                try removeOthers(in: "\(directory)/\(name)", below: path + "/")
            } else if files[path] == nil {
                DirectoryContents.remove("\(directory)/\(name)")
            }
        }
    }

    /// Returns the image as found after a restart of the kernel, when only synced data can be trusted.
    public func inAnotherBoot() -> CrashImage {
        var image = self
        for (path, var contents) in files where path.hasSuffix(".wal") {
            unsafe contents.withUnsafeMutableBytes { unsafe BootChange.moveToAnotherBoot($0) }
            image.files[path] = contents
        }
        return image
    }
}
