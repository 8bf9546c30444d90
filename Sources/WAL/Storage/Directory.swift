#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A directory whose entries are listed, made and made durable.
struct Directory: Sendable {
    let path: String

    /// Makes the directory, private to its owner, unless it is there.
    func create() throws(WALError) {
        let result = SystemCall.perform(hook, .makeDirectory(path: path)) { unsafe Int(mkdir(path, 0o700)) }
        if result == 0 {
            try Directory(path: parent).sync()
        } else if errno == EEXIST {
            try Trust.requireFolder(path)
        } else {
            throw WALError.system("mkdir", path)
        }
    }

    private var hook: (any StorageHook)? { StorageHooks.hook(for: path) }

    /// Makes the directory's own name durable. Where the parent can't be read, it was made by somebody else, with other rights.
    func syncEntry() throws(WALError) {
        do throws(WALError) {
            try Directory(path: parent).sync()
        } catch {
            guard error.errno == EACCES else { throw error }
        }
    }

    private var parent: String {
        let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    var exists: Bool { unsafe access(path, F_OK) == 0 }

    func path(of name: String) -> String { path + "/" + name }

    func has(_ name: String) -> Bool { unsafe access(path(of: name), F_OK) == 0 }

    /// The names of all entries, in any order.
    func names() throws(WALError) -> [String] {
        var names: [String] = []
        let result = SystemCall.perform(hook, .list(path: path)) { Self.list(path, &names) }
        guard result == 0 else { throw WALError.system("opendir", path) }
        return names
    }

    private static func list(_ path: String, _ names: inout [String]) -> Int {
        guard let stream = unsafe opendir(path) else { return -1 }
        defer { unsafe closedir(stream) }
        names = []
        while true {
            // A listing that an error cuts short would pass for a log without its newest segments.
            errno = 0
            guard let entry = unsafe readdir(stream) else { return errno == 0 ? 0 : -1 }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// Makes what was created, renamed or removed in the directory durable.
    func sync() throws(WALError) {
        let result = SystemCall.perform(hook, .syncDirectory(path: path)) {
            let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { return -1 }
            defer { close(descriptor) }
            return Int(fsync(descriptor))
        }
        guard result == 0 else { throw WALError.system("fsync", path) }
    }

    /// Removes a file, if it is there.
    func remove(_ name: String) throws(WALError) {
        let path = path(of: name)
        let result = SystemCall.perform(hook, .remove(path: path)) { unsafe Int(unlink(path)) }
        guard result == 0 || errno == ENOENT else {
            throw WALError.system("unlink", path)
        }
    }

    /// Puts a file in the place of another, or of none.
    func rename(_ name: String, to newName: String) throws(WALError) {
        let (path, newPath) = (path(of: name), path(of: newName))
        let result = SystemCall.perform(hook, .rename(path: path, newPath: newPath)) {
            Int(Self.systemRename(path, newPath))
        }
        guard result == 0 else { throw WALError.system("rename", path) }
    }

    /// Gives a file a second name; does nothing where that name is taken.
    func link(_ name: String, to otherPath: String) throws(WALError) {
        let path = path(of: name)
        let result = SystemCall.perform(hook, .link(path: path, newPath: otherPath)) {
            Int(Self.systemLink(path, otherPath))
        }
        guard result == 0 || errno == EEXIST else { throw WALError.system("link", path) }
    }

    // Members of the same name hide the functions of the C library.
    private static func systemRename(_ from: String, _ to: String) -> Int32 {
        #if canImport(Darwin)
            Darwin.rename(from, to)
        #else
            unsafe Glibc.rename(from, to)
        #endif
    }

    private static func systemLink(_ from: String, _ to: String) -> Int32 {
        #if canImport(Darwin)
            Darwin.link(from, to)
        #else
            unsafe Glibc.link(from, to)
        #endif
    }
}
