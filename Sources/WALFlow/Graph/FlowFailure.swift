/// The final failure of a step.
public struct FlowFailure: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The path of the step, such as `lines[17]/pick`.
    public var path: String
    /// The description of the step's last error.
    public var message: String

    /// Makes a failure.
    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { "\(path): \(message)" }
}

/// An error that no retry can help.
///
/// A step that throws it fails for good.
public struct PermanentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason.
    public var description: String

    /// Makes an error.
    public init(_ reason: String) {
        description = reason
    }
}
