import ArgumentParser
import WAL

/// The argument of `replay --from`: a sequence number of the log in a directory, or a stream that has the records of a
/// log.
enum ReplaySource: ExpressibleByArgument, Sendable {
    case sequence(SequenceNumber)
    case stream(SinkArgument)

    init?(argument: String) {
        if let number = SequenceNumber(argument: argument) {
            self = .sequence(number)
        } else if argument.contains("//") {
            // The parser would quote a rejected argument, which may contain a password.
            self = .stream(SinkArgument(argument: argument))
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "1" }

    /// The sequence number; nil for a stream.
    var sequence: SequenceNumber? { if case .sequence(let number) = self { number } else { nil } }
}
