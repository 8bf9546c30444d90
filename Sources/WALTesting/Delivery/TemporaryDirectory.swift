#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A temporary directory, which is removed when the last reference to it is released.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/wal-testing-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw SystemCallError(call: "mkdtemp", what: parent, errno: errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        remove()
    }

    /// Removes the directory immediately.
    func remove() {
        Self.remove(path)
    }

    // Files that can't be removed stay, which is acceptable in the system's directory for temporary files.
    private static func remove(_ path: String) {
        guard unsafe unlink(path) != 0, let stream = unsafe opendir(path) else { return }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        unsafe closedir(stream)
        for name in names { remove("\(path)/\(name)") }
        unsafe rmdir(path)
    }
}
