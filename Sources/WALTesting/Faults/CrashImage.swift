internal import WAL

/// Files and directories as a crash left them.
public struct CrashImage: Hashable, Sendable {
    /// The contents of the files, by their paths below the directory that was watched.
    public var files: [String: [UInt8]] = [:]
    /// The paths of the directories, parents before what is in them.
    public var directories: [String] = []

    init() {}

    /// Makes a directory have what the image has, and nothing else.
    ///
    /// Writes all files on the calling thread.
    public func write(to directory: String) throws {
        try DirectoryContents.make(directory)
        // Files are written over, which is quicker than making them anew.
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

    /// The same as another run of the kernel finds it: nothing that wasn't synced is to be trusted.
    public func inAnotherBoot() -> CrashImage {
        var image = self
        for (path, var contents) in files where path.hasSuffix(".wal") {
            unsafe contents.withUnsafeMutableBytes { unsafe BootChange.moveToAnotherBoot($0) }
            image.files[path] = contents
        }
        return image
    }
}
