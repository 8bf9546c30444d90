/// A broken rule that a check of a conformance suite found.
public struct ConformanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the check.
    public var check: String
    /// The rule that is broken, as a sentence.
    public var rule: String
    /// The result that the rule demands.
    public var expected: String
    /// The result that the check found.
    public var found: String

    /// Makes a failure. Each argument sets the property of the same name.
    public init(check: String, rule: String, expected: String, found: String) {
        self.check = check
        self.rule = rule
        self.expected = expected
        self.found = found
    }

    public var description: String {
        "\(check): \(rule)\n  expected: \(expected)\n  found:    \(found)"
    }
}
