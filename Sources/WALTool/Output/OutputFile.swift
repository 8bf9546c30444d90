#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file that the tool writes for the user.
enum OutputFile {
    /// Replaces the contents of a file.
    static func write(_ bytes: [UInt8], to path: String) throws(ToolError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw ToolError(.inputOutput, "\(path) can't be opened: \(systemMessage())") }
        defer { close(descriptor) }
        try writeAll(bytes.span.bytes, to: descriptor)
    }
}
