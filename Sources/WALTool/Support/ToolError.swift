/// An error that ends the tool with an exit code.
struct ToolError: Error {
    let exit: ExitStatus
    let message: String

    init(_ exit: ExitStatus, _ message: String) {
        self.exit = exit
        self.message = message
    }
}

extension ToolError: CustomStringConvertible {
    var description: String { message }
}
