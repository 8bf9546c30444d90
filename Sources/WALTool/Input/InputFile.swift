#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The source of lines: a file or standard input.
struct InputFile: Sendable {
    let descriptor: Int32
    /// The name for messages.
    let name: String
    /// Whether the input is a regular file, which may grow, and not a pipe or a terminal.
    let isFile: Bool

    /// Opens the file named `argument`, or standard input for `-`.
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
}
