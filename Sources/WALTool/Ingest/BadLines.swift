#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A line that wasn't ingested.
struct BadLine {
    var number: UInt64
    var defect: LineDefect
    var text: [UInt8]
}

/// The file next to a log that keeps the skipped lines, as one JSON object per line.
///
/// Skipped lines are written to the file before the log's bookmark passes them. If a run is killed in between, the next
/// run skips the same lines again. So each run first removes these lines from the file.
struct BadLinesFile {
    let path: String
    private let source: String
    private let input: String

    /// Makes the file of the log at `directory` for the lines of `input`. The log knows this input as `source`.
    init(besideLog directory: String, source: String, input: String) {
        path = (directory.hasSuffix("/") ? String(directory.dropLast()) : directory) + ".bad-lines.ndjson"
        self.source = source
        self.input = input
    }

    /// Removes this source's lines with numbers above `last`, and a line that a crash cut off.
    func removeLines(after last: UInt64) throws(ToolError) {
        guard let old = try? readAll(path) else { return }
        let prefix = Array(prefix.utf8)
        var kept: [UInt8] = []
        for line in old.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            let isWhole = line.last == UInt8(ascii: "}")
            let digits =
                line.starts(with: prefix) ? line.dropFirst(prefix.count).prefix { (0x30...0x39).contains($0) } : []
            let number = UInt64(String(decoding: digits, as: UTF8.self)) ?? 0
            guard isWhole, number <= last else { continue }
            kept.append(contentsOf: line)
            kept.append(UInt8(ascii: "\n"))
        }
        guard kept != old else { return }
        try write(kept, to: path + ".new", flags: O_WRONLY | O_CREAT | O_TRUNC)
        guard rename(path + ".new", path) == 0 else { throw failure("Replacing") }
    }

    func append(_ lines: [BadLine]) throws(ToolError) {
        var bytes: [UInt8] = []
        for line in lines {
            let text = String(decoding: line.text, as: UTF8.self)
            var members: [(String, JSON)] = [
                ("source", .string(source)), ("line", JSON(line.number)), ("column", JSON(line.defect.column)),
                ("reason", .string(line.defect.reason)), ("file", .string(input)), ("text", .string(text)),
            ]
            // JSON can't contain bytes that aren't UTF-8.
            if !text.utf8.elementsEqual(line.text) { members.append(("hex", .string(line.text.hexadecimal))) }
            bytes.append(contentsOf: "\(JSON.object(members))\n".utf8)
        }
        try write(bytes, to: path, flags: O_WRONLY | O_CREAT | O_APPEND)
    }

    /// The beginning of this source's lines, up to the number.
    private var prefix: String { "{\"source\":\(JSON.string(source)),\"line\":" }

    /// Writes and syncs the bytes, because the bookmark that follows may become durable at once.
    private func write(_ bytes: [UInt8], to path: String, flags: Int32) throws(ToolError) {
        let descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("Opening") }
        defer { close(descriptor) }
        try writeAll(bytes.span.bytes, to: descriptor)
        guard fsync(descriptor) == 0 else { throw failure("Syncing") }
    }

    private func failure(_ what: String) -> ToolError {
        ToolError(.inputOutput, "\(what) \(path) failed: \(systemMessage())")
    }
}

/// Returns the contents of a file.
func readAll(_ path: String) throws(ToolError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw ToolError(.inputOutput, "Opening \(path) failed: \(systemMessage())")
    }
    defer { close(descriptor) }
    return try readAll(descriptor, path)
}
