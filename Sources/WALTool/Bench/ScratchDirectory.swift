#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A new directory for temporary files, which is removed with its contents.
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

    /// Removes the directory. Ignores errors, because the benchmark is over and the caller can't do more.
    func remove() {
        Self.remove(path)
    }

    /// Waits for a signal, removes the directory, and ends the process as the signal would have done.
    func removeAtSignal(of stop: StopSignal) {
        guard (try? stop.waitForInput(-1, timeout: -1)) == .stopped else { return }
        // A log may make another file in the meantime.
        for _ in 0..<100 where access(path, F_OK) == 0 { remove() }
        raise(stop.signalName == "SIGTERM" ? SIGTERM : SIGINT)
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
