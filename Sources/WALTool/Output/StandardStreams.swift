#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Returns the system's message for the last failed call.
func systemMessage() -> String {
    strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
}

private func endByBrokenPipe() {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
}

/// Writes all bytes. Calls the system several times if it takes only a part of them.
func writeAll(_ bytes: RawSpan, to descriptor: Int32) throws(ToolError) {
    var written = 0
    while written < bytes.byteCount {
        let rest = bytes.extracting(droppingFirst: written)
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { continue }
            if errno == EAGAIN {
                // A process that shares the descriptor has made it non-blocking.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
                continue
            }
            // The reader closed the pipe, but the parent process set SIGPIPE to be ignored.
            if errno == EPIPE, descriptor == STDOUT_FILENO { endByBrokenPipe() }
            let remedy = errno == EFBIG ? ". The file size limit of this process is reached (`ulimit -f`)." : ""
            throw ToolError(.inputOutput, "Writing failed: \(systemMessage())\(remedy)")
        }
        written += count
    }
}

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

enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes text. Ignores errors, because they can't be reported anywhere else.
    static func write(_ text: String) {
        try? writeAll(text.utf8.span.bytes, to: STDERR_FILENO)
    }
}

/// Standard output with a buffer, which saves a system call for each line.
struct StandardOutput: ~Copyable {
    private static let flushSize = 1 << 16
    private var bytes: [UInt8] = []

    mutating func write(line text: String) throws(ToolError) {
        try write(line: Array(text.utf8))
    }

    mutating func write(line text: [UInt8]) throws(ToolError) {
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count >= Self.flushSize { try flush() }
    }

    mutating func flush() throws(ToolError) {
        defer { bytes.removeAll(keepingCapacity: true) }
        try writeAll(bytes.span.bytes, to: STDOUT_FILENO)
    }

    static func print(_ text: String) throws(ToolError) {
        var output = StandardOutput()
        try output.write(line: text)
        try output.flush()
    }
}
