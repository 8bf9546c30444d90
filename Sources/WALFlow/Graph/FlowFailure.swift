/// The final failure of a step.
public struct FlowFailure: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The path of the step, such as `lines[17]/pick`.
    public var path: String
    /// The description of the step's last error.
    public var message: String

    /// Makes a failure. Each argument sets the property of the same name.
    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { "\(path): \(message)" }
}

/// An error that a retry can't remedy.
///
/// If a step throws it, the failure is final.
public struct PermanentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason of the error.
    public var description: String

    /// Makes an error.
    ///
    /// - Parameter reason: The reason.
    public init(_ reason: String) {
        description = reason
    }
}
