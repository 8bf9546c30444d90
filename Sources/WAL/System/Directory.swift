internal import CWALShims

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// An open directory.
///
/// All operations on its entries go through its descriptor. So they apply to this directory and no other, even if it is
/// renamed or replaced. It is closed with its last reference.
package final class Directory: Sendable {
    /// The path with which it was opened, for messages.
    let path: String
    let descriptor: Int32
    package let place: DirectoryPlace
    /// Whether this object has created the directory, and made its entry durable.
    private let isNew: Bool

    /// Opens an existing directory.
    package convenience init(path: String) throws(WALError) {
        guard !path.isEmpty else { throw WALError(.invalidArgument, "The path of the log is empty. Name a directory.") }
        try self.init(path, at: AT_FDCWD, path: path, flags: 0)
    }

    private init(
        _ name: String, at parent: Int32, path: String, flags: Int32, isNew: Bool = false
    ) throws(WALError) {
        self.path = path
        self.isNew = isNew
        let result = SystemCall.perform(StorageHooks.hook(for: path), .open(path: path, creates: false)) {
            unsafe Int(cwal_open_at(parent, name, O_RDONLY | O_DIRECTORY | flags, 0))
        }
        guard result >= 0 else { throw WALError.system("open", path) }
        descriptor = Int32(result)
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let error = WALError.system("fstat", path)
            close(descriptor)
            throw error
        }
        place = DirectoryPlace(path, status)
    }

    deinit {
        let hook = StorageHooks.hook(for: path)
        _ = SystemCall.perform(hook, .close(descriptor: descriptor)) { Int(close(descriptor)) }
    }

    /// Opens a directory. Creates it if it doesn't exist, accessible only to its owner.
    package static func make(_ path: String) throws(WALError) -> Directory {
        if let directory = try ifExists({ () throws(WALError) in try Directory(path: path) }) { return directory }
        let result = SystemCall.perform(StorageHooks.hook(for: path), .makeDirectory(path: path)) {
            unsafe Int(mkdir(path, 0o700))
        }
        guard result == 0 || errno == EEXIST else {
            guard errno == ENOENT else { throw WALError.system("mkdir", path) }
            throw WALError(
                .inputOutput,
                "\(path) can't be created, because the directory above it doesn't exist. Create that one first.",
                errno: ENOENT)
        }
        let directory = try Directory(path, at: AT_FDCWD, path: path, flags: 0, isNew: result == 0)
        if result == 0 { try Directory(path: directory.place.parent).sync() }
        return directory
    }

    /// Opens a folder in this directory. Creates it if it doesn't exist, accessible only to its owner.
    package func folder(_ name: String, followsLinks: Bool = false) throws(WALError) -> Directory {
        let path = path(of: name)
        let result = SystemCall.perform(hook, .makeDirectory(path: path)) {
            unsafe Int(mkdirat(descriptor, name, 0o700))
        }
        guard result == 0 || errno == EEXIST else { throw WALError.system("mkdir", path) }
        if result == 0 { try sync() }
        let folder: Directory
        do throws(WALError) {
            folder = try Directory(name, at: descriptor, path: path, flags: followsLinks ? 0 : O_NOFOLLOW)
        } catch {
            guard error.errno == ENOTDIR || error.errno == ELOOP else { throw error }
            throw WALError(.untrusted, "\(path) isn't a folder. Remove it from the log directory.", errno: error.errno)
        }
        try FileOwnership.requireDirectory(folder)
        return folder
    }

    /// Opens a folder in this directory. Returns nil if it doesn't exist.
    package func existingFolder(_ name: String) throws(WALError) -> Directory? {
        try ifExists { () throws(WALError) in
            try Directory(name, at: descriptor, path: path(of: name), flags: O_NOFOLLOW)
        }
    }

    private var hook: (any StorageHook)? { StorageHooks.hook(for: path) }

    /// Makes the directory's own entry durable, unless ``make(_:)`` has done that. Ignores a parent that can't be read:
    /// in that case, another user with other rights created the directory.
    func syncEntry() throws(WALError) {
        if isNew { return }
        do throws(WALError) {
            try Directory(path: place.parent).sync()
        } catch {
            guard error.errno == EACCES else { throw error }
        }
    }

    package func path(of name: String) -> String { path + "/" + name }

    func has(_ name: String) -> Bool { unsafe faccessat(descriptor, name, F_OK, 0) == 0 }

    /// The free bytes of the file system for this user, and its size; nil if the system doesn't report them.
    var space: (free: UInt64, size: UInt64)? {
        var status = statvfs()
        guard unsafe fstatvfs(descriptor, &status) == 0 else { return nil }
        return Self.space(of: status)
    }

    static func space(of status: statvfs) -> (free: UInt64, size: UInt64)? {
        // A file system in memory without a limit has no blocks, nor have some that other programs provide.
        guard status.f_blocks > 0, status.f_frsize > 0 else { return nil }
        func bytes(_ blocks: UInt64) -> UInt64 {
            let (bytes, isOverflow) = blocks.multipliedReportingOverflow(by: UInt64(status.f_frsize))
            return isOverflow ? .max : bytes
        }
        return (bytes(UInt64(status.f_bavail)), bytes(UInt64(status.f_blocks)))
    }

    /// Returns the names of all entries, in any order.
    func names() throws(WALError) -> [String] {
        var names: [String] = []
        let result = SystemCall.perform(hook, .list(path: path)) { list(&names) }
        guard result == 0 else { throw WALError.system("readdir", path) }
        return names
    }

    private func list(_ names: inout [String]) -> Int {
        // Each listing needs its own descriptor, because several threads may list at the same time.
        let own = unsafe cwal_open_at(descriptor, ".", O_RDONLY | O_DIRECTORY, 0)
        guard own >= 0 else { return -1 }
        guard let stream = unsafe fdopendir(own) else {
            close(own)
            return -1
        }
        defer { unsafe closedir(stream) }
        names = []
        while true {
            // Check for errors: a listing cut short would look like a log without its newest segments.
            errno = 0
            guard let entry = unsafe readdir(stream) else { return errno == 0 ? 0 : -1 }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// Makes created, renamed and removed entries durable.
    func sync() throws(WALError) {
        let result = SystemCall.perform(hook, .syncDirectory(path: path)) { Int(fsync(descriptor)) }
        guard result == 0 else { throw WALError.system("fsync", on: self) }
    }

    /// Removes a file, if it exists.
    func remove(_ name: String) throws(WALError) {
        let path = path(of: name)
        let result = SystemCall.perform(hook, .remove(path: path)) { unsafe Int(unlinkat(descriptor, name, 0)) }
        guard result == 0 || errno == ENOENT else {
            throw WALError.system("unlink", path)
        }
    }

    /// Renames a file, and replaces any file that has the new name.
    func rename(_ name: String, to newName: String) throws(WALError) {
        let (path, newPath) = (path(of: name), path(of: newName))
        let result = SystemCall.perform(hook, .rename(path: path, newPath: newPath)) {
            unsafe Int(renameat(descriptor, name, descriptor, newName))
        }
        guard result == 0 else { throw WALError.system("rename", path) }
    }

    /// Makes a file with these bytes durable, in place of any file that has the name. A crash leaves the file from before
    /// or the new one. Blocks for two syncs.
    func replace(_ name: String, with bytes: [UInt8]) throws(WALError) {
        let temporary = name + ".new"
        try remove(temporary)
        let file = try File(temporary, in: self, .create, finalName: name)
        try file.write(bytes, at: 0)
        try file.sync()
        try rename(temporary, to: name)
        try sync()
    }

    /// Gives a file a second name in a folder. Does nothing if that name exists.
    func link(_ name: String, to newName: String, in folder: Directory) throws(WALError) {
        let (path, newPath) = (path(of: name), folder.path(of: newName))
        let result = SystemCall.perform(hook, .link(path: path, newPath: newPath)) {
            unsafe Int(linkat(descriptor, name, folder.descriptor, newName, 0))
        }
        guard result == 0 || errno == EEXIST else { throw WALError.system("link", path) }
    }

    /// Throws ``WALError/Code/directoryGone`` if the directory was removed, moved, or replaced. The next opening
    /// wouldn't find the files in it.
    func requireInPlace() throws(WALError) {
        switch place.state(of: descriptor) {
        case .inPlace: break
        case .removed:
            throw WALError(
                .directoryGone,
                """
                \(path) was removed while the log was open, and its records are lost. Close this log. Opening \(path) again \
                creates a new log.
                """)
        case .moved:
            throw WALError(
                .directoryGone,
                """
                This log's directory is no longer at \(place.path): it was moved or replaced. Move it back, and the log resumes \
                within a second. Or close the log, and open it in its new place.
                """)
        }
    }
}
