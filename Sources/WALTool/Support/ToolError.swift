/// An error that ends the tool with an exit code.
struct ToolError: Error, CustomStringConvertible {
    let exit: ExitStatus
    let message: String

    init(_ exit: ExitStatus, _ message: String) {
        self.exit = exit
        self.message = message
    }

    var description: String { message }
}
