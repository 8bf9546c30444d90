/// What a record does, in the words of the suite. A fixture encodes it as its sink wants it.
///
/// Keys and ids are short and of the characters `a` to `z`, `0` to `9` and `-`; values are of the same characters.
public enum SinkChange: Hashable, Sendable {
    /// The key has this value from now on.
    case set(key: String, value: String)
    /// The key is gone. Nothing happens where it isn't there.
    case delete(key: String)
    /// Something happened. Each id is used once; the event is ordered with what else has its key.
    case event(id: String, key: String)
    /// A record that the sink can't take, for its own fault.
    case poison(key: String)

    /// What the change is ordered by.
    public var key: String {
        switch self {
        case .set(let key, _), .delete(let key), .event(_, let key), .poison(let key): key
        }
    }
}
