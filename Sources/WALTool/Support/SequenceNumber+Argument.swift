// The conformance of a public type to a public protocol is public, even in an executable.
public import ArgumentParser
public import WAL

extension SequenceNumber: ExpressibleByArgument {
    /// Reads decimal digits.
    public init?(argument: String) {
        guard let number = UInt64(argument) else { return nil }
        self.init(rawValue: number)
    }
}

extension Timestamp: ExpressibleByArgument {
    /// Reads a time in ISO 8601, or a time relative to now, such as `-1h`.
    public init?(argument: String) {
        guard argument.hasPrefix("-") else {
            self.init(argument)
            return
        }
        guard let age = DurationArgument(argument: String(argument.dropFirst())) else { return nil }
        self = .now - age.duration
    }
}
