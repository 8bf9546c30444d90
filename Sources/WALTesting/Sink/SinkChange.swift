/// The effect of a record, in the terms of the suite. A fixture encodes it for its sink.
///
/// Keys and ids are short. Keys, ids and values consist of `a` to `z`, `0` to `9` and `-`.
public enum SinkChange: Hashable, Sendable {
    /// Gives the key this value.
    case set(key: String, value: String)
    /// Removes the key. If the key doesn't exist, the change has no effect.
    case delete(key: String)
    /// Adds an event. Each id is used once, and the event is ordered with all other changes of its key.
    case event(id: String, key: String)
    /// A record that the sink must reject because of a defect of the record itself.
    case poison(key: String)

    /// The key whose changes are applied in order.
    public var key: String {
        switch self {
        case .set(let key, _), .delete(let key), .event(_, let key), .poison(let key): key
        }
    }
}
