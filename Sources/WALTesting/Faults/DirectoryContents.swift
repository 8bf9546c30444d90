#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Functions that read, write and remove whole directories.
enum DirectoryContents {
    /// Returns all entries below `root` by their relative paths. A directory precedes its contents, and its own
    /// contents are nil.
    static func read(_ root: String) throws -> [(path: String, contents: [UInt8]?)] {
        var found: [(path: String, contents: [UInt8]?)] = []
        for name in try names(root) {
            let contents = try readFile("\(root)/\(name)")
            found.append((name, contents))
            guard contents == nil else { continue }
            for (path, contents) in try read("\(root)/\(name)") { found.append(("\(name)/\(path)", contents)) }
        }
        return found
    }

    static func names(_ path: String) throws -> [String] {
        guard let stream = unsafe opendir(path) else {
            throw SystemCallError(call: "opendir", what: path, errno: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Returns the contents of a file, or nil for a directory.
    private static func readFile(_ path: String) throws -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallError(call: "open", what: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw SystemCallError(call: "fstat", what: path, errno: errno)
        }
        if status.st_mode & S_IFMT == S_IFDIR { return nil }
        let size = Int(status.st_size)
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { room, count in
            count = unsafe max(0, pread(descriptor, room.baseAddress, size, 0))
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError(call: "open", what: path, errno: errno) }
        defer { close(descriptor) }
        let count = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == bytes.count else { throw SystemCallError(call: "pwrite", what: path, errno: errno) }
    }

    static func make(_ path: String) throws {
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw SystemCallError(call: "mkdir", what: path, errno: errno)
        }
    }

    /// Removes a file, or a directory with its contents. Files that can't be removed stay.
    static func remove(_ path: String) {
        guard unsafe unlink(path) != 0 else { return }
        for name in (try? names(path)) ?? [] { remove("\(path)/\(name)") }
        unsafe rmdir(path)
    }
}
