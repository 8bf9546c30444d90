#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The source of lines: a file or standard input.
struct InputFile: Sendable {
    let descriptor: Int32
    /// The name of the input in messages.
    let name: String
    /// Whether the input is a regular file, which may grow, rather than a pipe or a terminal.
    let isFile: Bool

    /// Opens the file at the path `argument`, or standard input if it is `-`.
    init(argument: String) throws(ToolError) {
        name = argument == "-" ? "<stdin>" : argument
        descriptor = argument == "-" ? STDIN_FILENO : open(argument, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ToolError(.inputOutput, "Opening \(name) failed: \(systemMessage())")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ToolError(.inputOutput, "Reading \(name) failed: \(systemMessage())")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw ToolError(.badInput, "\(name) is a directory. Give a file of lines, or - for standard input.")
        }
        isFile = status.st_mode & S_IFMT == S_IFREG
    }

    /// Reads the whole input as text.
    func text() throws(ToolError) -> String {
        String(decoding: try readAll(descriptor, name), as: UTF8.self)
    }
}

/// Returns the contents of an open file. `name` is for messages.
func readAll(_ descriptor: Int32, _ name: String) throws(ToolError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw ToolError(.inputOutput, "Reading \(name) failed: \(systemMessage())") }
        guard count > 0 else { return bytes }
        bytes.append(contentsOf: piece[..<count])
    }
}
