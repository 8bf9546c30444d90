internal import WAL

/// The files and directories that a crash leaves.
public struct CrashImage: Hashable, Sendable {
    /// The contents of each file, by the file's path relative to the watched directory.
    public var files: [String: [UInt8]] = [:]
    /// The paths of the directories. A directory precedes its contents.
    public var directories: [String] = []

    /// Makes the image of these entries.
    init(_ entries: [String: CrashState.Entry], _ contents: [CrashState.FileID: [UInt8]]) {
        // Parents come first. Entries of a missing directory are left out.
        for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let parent = CrashState.parent(of: path)
            guard parent.isEmpty || directories.contains(parent) else { continue }
            switch entry {
            case .directory: directories.append(path)
            case .file(let file): files[path] = contents[file] ?? []
            }
        }
    }

    /// Makes the contents of a directory equal to the image, and removes all other files. Blocks while it writes the
    /// files.
    ///
    /// - Parameter directory: The path of the directory, which is made if it doesn't exist.
    /// - Throws: ``SystemCallError``.
    public func write(to directory: String) throws {
        try DirectoryContents.make(directory)
        // Overwriting existing files is faster than creating them again.
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

    /// Returns the image as it appears after a restart of the kernel, when only synced data can be trusted.
    public func inAnotherBoot() -> CrashImage {
        var image = self
        for (path, var contents) in files where path.hasSuffix(".wal") {
            unsafe contents.withUnsafeMutableBytes { unsafe BootChange.moveToAnotherBoot($0) }
            image.files[path] = contents
        }
        return image
    }
}
