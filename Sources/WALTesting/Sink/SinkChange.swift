/// The effect of a record in the terms of the suite. A fixture encodes it for its sink.
///
/// Keys and ids are short and consist of `a` to `z`, `0` to `9` and `-`. Values consist of the same characters.
public enum SinkChange: Hashable, Sendable {
    /// The key has this value from now on.
    case set(key: String, value: String)
    /// The key is removed. A key that doesn't exist has no effect.
    case delete(key: String)
    /// An event. Each id is used once, and the event is ordered with all other changes of its key.
    case event(id: String, key: String)
    /// A record that the sink must reject through the record's own fault.
    case poison(key: String)

    /// The key that orders the change.
    public var key: String {
        switch self {
        case .set(let key, _), .delete(let key), .event(_, let key), .poison(let key): key
        }
    }
}
