#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A new directory, to be removed with all that is in it.
struct ScratchDirectory {
    let path: String

    init(in parent: String) throws(ToolError) {
        var template = Array("\(parent)/wal-bench.XXXXXX".utf8CString)
        guard let made = template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap(mkdtemp) }) else {
            throw ToolError(
                .inputOutput, "Making a directory in \(parent) failed: \(systemMessage())")
        }
        path = String(cString: made)
    }

    /// What can't be removed stays: there is nobody to tell who could do more.
    func remove() {
        Self.remove(path)
    }

    private static func remove(_ path: String) {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { remove("\(path)/\(name)") }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
