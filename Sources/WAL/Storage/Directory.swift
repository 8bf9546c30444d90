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
        if unsafe mkdir(path, 0o700) == 0 {
            try Directory(path: parent).sync()
        } else if errno == EEXIST {
            try Trust.requireFolder(path)
        } else {
            throw WALError.system("mkdir", path)
        }
    }

    private var parent: String {
        let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    var exists: Bool { unsafe access(path, F_OK) == 0 }

    func path(of name: String) -> String { "\(path)/\(name)" }

    /// The names of all entries, sorted.
    func names() throws(WALError) -> [String] {
        guard let stream = unsafe opendir(path) else { throw WALError.system("opendir", path) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes what was created, renamed or removed in the directory durable.
    func sync() throws(WALError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WALError.system("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw WALError.system("fsync", path) }
    }

    /// Removes a file, if it is there.
    func remove(_ name: String) throws(WALError) {
        guard unsafe unlink(path(of: name)) == 0 || errno == ENOENT else {
            throw WALError.system("unlink", path(of: name))
        }
    }

    /// Puts a file in the place of another, or of none.
    func rename(_ name: String, to newName: String) throws(WALError) {
        guard Self.systemRename(path(of: name), path(of: newName)) == 0 else {
            throw WALError.system("rename", path(of: name))
        }
    }

    /// Gives a file a second name; does nothing where that name is taken.
    func link(_ name: String, to otherPath: String) throws(WALError) {
        guard Self.systemLink(path(of: name), otherPath) == 0 || errno == EEXIST else {
            throw WALError.system("link", path(of: name))
        }
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
