/// A bound that a measurement must reach.
public struct Goal: Codable, Sendable {
    public enum Bound: String, Codable, Sendable {
        case atLeast, atMost
    }

    public let number: Int
    public let text: String
    public let bound: Bound
    public let goal: Double
    public let unit: String
    /// Nil if it wasn't measured in this run.
    public let measured: Double?
    /// Nil if it wasn't measured in this run.
    public let met: Bool?

    public init(_ number: Int, _ text: String, _ bound: Bound, _ goal: Double, unit: String = "", measured: Double?) {
        self.number = number
        self.text = text
        self.bound = bound
        self.goal = goal
        self.unit = unit
        self.measured = measured
        met = measured.map { bound == .atLeast ? $0 >= goal : $0 <= goal }
    }

    /// The bound as text.
    public var limit: String {
        (bound == .atLeast ? "≥ " : "≤ ") + Figure.short(goal) + unit
    }
}
