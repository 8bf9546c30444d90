import ArgumentParser
import WAL
import WALFlow
import WALTasks

/// The exit codes of the tool. Codes above 1 come from `sysexits.h`.
enum ExitStatus: Int32 {
    case fine = 0
    /// The tool found damage or a difference.
    case damage = 1
    case usage = 64
    case badInput = 65
    case inputOutput = 74
    /// Another flusher has claimed the lanes.
    case fenced = 75

    init(_ code: WALError.Code) {
        switch code {
        case .corrupted, .removed, .sinkAhead, .sinkBehind: self = .damage
        case .invalidArgument: self = .usage
        case .fenced: self = .fenced
        case .recordTooLarge, .notALogDirectory, .untrusted, .versionTooNew, .replica: self = .badInput
        default: self = .inputOutput
        }
    }
}

extension Tool {
    /// Prints an error and ends the process with the error's exit code.
    static func fail(with error: any Error) -> Never {
        switch error {
        case let error as ToolError: end(error.message, error.exit)
        case let error as WALError: end(error.description, ExitStatus(error.code))
        case let error as StoreError where error.code == .noTaskTables:
            end("\(error.message). Their dead letters are beside the log: wal dead-letters DIR.", .badInput)
        case let error as TaskStorageError: end(error.description, .inputOutput)
        case let error as FlowError: end(error.description, .badInput)
        case is ExitCode, is CleanExit: exit(withError: error)
        default:
            // Errors of the argument parser have their own codes. All other errors come from a store.
            let code = exitCode(for: error)
            guard code != .failure else { end("\(error)", .inputOutput) }
            guard code != .success else { exit(withError: error) }
            StandardError.write(hidingAddresses(in: fullMessage(for: error)) + "\n")
            leave(code.rawValue)
        }
    }

    /// Returns the message without addresses. The parser quotes arguments, and an address may contain a password.
    private static func hidingAddresses(in message: String) -> String {
        let values = CommandLine.arguments.dropFirst().flatMap { argument in
            [argument] + argument.split(separator: "=", maxSplits: 1).dropFirst().map(String.init)
        }
        let addresses = values.filter { value in
            ["//", "password", "postgres", "mysql", "mariadb"].contains { value.lowercased().contains($0) }
        }
        return addresses.reduce(message) { $0.replacing($1, with: "(an address)") }
    }

    private static func end(_ message: String, _ status: ExitStatus) -> Never {
        StandardError.write("Error: \(message)\n")
        leave(status.rawValue)
    }
}
