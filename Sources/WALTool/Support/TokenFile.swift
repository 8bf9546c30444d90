import WALMonitor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The file that contains the token of a live page.
enum TokenFile {
    private static let sizeMin = 16
    private static let sizeMax = 512

    /// Returns the token in a file. If the file doesn't exist, makes it with a new token.
    static func token(at path: String) throws(ToolError) -> String {
        let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if made >= 0 {
            defer { close(made) }
            let token = LogMonitor.makeToken()
            let line = "\(token)\n"
            do {
                try writeAll(line.utf8.span.bytes, to: made)
            } catch {
                unlink(path)
                throw ToolError(.inputOutput, "\(path) can't be written: \(error)")
            }
            return token
        }
        return try existing(at: path)
    }

    /// Returns the token in a file that must exist.
    static func existing(at path: String) throws(ToolError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ToolError(.inputOutput, "\(path) can't be read: \(systemMessage())") }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw ToolError(.usage, "\(path) isn't a file.")
        }
        guard info.st_mode & 0o077 == 0 else {
            throw ToolError(.usage, "Other users can read \(path). Close it to them: chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: sizeMax)
        let count = read(file, &bytes, bytes.count)
        guard count >= 0 else { throw ToolError(.inputOutput, "\(path) can't be read: \(systemMessage())") }
        let line = bytes.prefix(count).prefix { $0 > 0x20 && $0 < 0x7F }
        guard line.count >= sizeMin, line.count < sizeMax else {
            throw ToolError(
                .usage, "\(path) has no token: it must have at least \(sizeMin) characters in its first line.")
        }
        return String(decoding: line, as: UTF8.self)
    }
}
