/// Decides when to log a lasting state: when it begins, after 10 s, 1 min and 10 min, then every 10 min, and when it
/// ends.
///
/// A pure function of its calls. The owner calls it regularly, with the time since any fixed moment.
package struct StateLogPacer: Sendable {
    package enum Line: Hashable, Sendable {
        case began
        /// The state continues, and has lasted for this duration.
        case lasts(Duration)
        /// The state has ended after this duration.
        case ended(Duration)
    }

    private static let firstAges: [Duration] = [.seconds(10), .seconds(60)]
    private static let interval: Duration = .seconds(600)

    private var start: Duration?
    /// The age at which the state is logged next.
    private var dueAge: Duration = .zero

    package init() {}

    /// Returns the line to log now, or nil if there is none.
    package mutating func line(isOn: Bool, at now: Duration) -> Line? {
        guard let start else {
            guard isOn else { return nil }
            self.start = now
            dueAge = Self.dueAge(after: .zero)
            return .began
        }
        let age = now - start
        guard isOn else {
            self.start = nil
            return .ended(age)
        }
        guard age >= dueAge else { return nil }
        dueAge = Self.dueAge(after: age)
        return .lasts(age)
    }

    private static func dueAge(after age: Duration) -> Duration {
        firstAges.first { $0 > age } ?? interval * (Int(age / interval) + 1)
    }
}
