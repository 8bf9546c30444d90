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

    /// Removes the directory immediately. Files that can't be removed stay, which is acceptable in the system's
    /// directory for temporary files.
    func remove() {
        DirectoryContents.remove(path)
    }
}
