import ArgumentParser
import WAL

/// What `replay --from` names: a sequence number of the log in a directory, or a stream that has a log's records.
enum ReplaySource: ExpressibleByArgument, Sendable {
    case sequence(SequenceNumber)
    case stream(SinkArgument)

    init?(argument: String) {
        if let number = SequenceNumber(argument: argument) {
            self = .sequence(number)
        } else if argument.contains("//") {
            // The parser would quote a rejected argument, and there may be a password in it.
            self = .stream(SinkArgument(argument: argument))
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "1" }

    /// The sequence number. Nil for a stream.
    var sequence: SequenceNumber? { if case .sequence(let number) = self { number } else { nil } }
}
