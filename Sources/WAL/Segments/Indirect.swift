/// A reference to a value that few segments have. Opening copies its array of perhaps a thousand segments several
/// times, so each element should be small.
final class Indirect<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
