/// What few of many segments have, outside of them: what opening knows of a thousand segments is copied several times.
final class Indirect<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
