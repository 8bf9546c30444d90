import Foundation

/// A server that `Scripts/private-server` has started.
struct PrivateServer {
    let program: String
    let kind: StoreKind
    let directory: String

    struct Failure: Error, CustomStringConvertible {
        let command: String
        let status: Int32
        var description: String { "\(command) ended with status \(status)" }
    }

    func run(_ verb: String) throws {
        // Not by Foundation's `Process`: it waits until every descendant is gone, and the server is one.
        let command = "'\(program)' \(kind.rawValue) \(verb) '\(directory)' >/dev/null"
        let status = system(command)
        guard status == 0 else { throw Failure(command: command, status: status) }
    }
}
