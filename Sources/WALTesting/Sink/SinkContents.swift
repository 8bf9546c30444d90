/// The contents of a destination.
public struct SinkContents: Hashable, Sendable {
    /// The value of each existing key.
    public var values: [String: String]
    /// The number of times that each event exists, by the event's id.
    public var events: [String: Int]

    /// Makes contents, which are empty by default. Each argument sets the property of the same name.
    public init(values: [String: String] = [:], events: [String: Int] = [:]) {
        self.values = values
        self.events = events
    }

    /// Applies a change in the way that a sink must apply it. A poison changes nothing.
    mutating func apply(_ change: SinkChange) {
        switch change {
        case .set(let key, let value): values[key] = value
        case .delete(let key): values[key] = nil
        case .event(let id, _): events[id, default: 0] += 1
        case .poison: break
        }
    }

    /// Returns the keys and events that begin with a prefix. Each check has its own prefix.
    func with(prefix: String) -> SinkContents {
        SinkContents(
            values: values.filter { $0.key.hasPrefix(prefix) }, events: events.filter { $0.key.hasPrefix(prefix) })
    }

    /// Returns the differences from other contents, for messages.
    func difference(to other: SinkContents) -> (mine: String, other: String) {
        let keys = Set(values.keys).union(other.values.keys).filter { values[$0] != other.values[$0] }.sorted()
        let ids = Set(events.keys).union(other.events.keys).filter { events[$0] != other.events[$0] }.sorted()
        func text(_ contents: SinkContents) -> String {
            let values = keys.prefix(5).map { "\($0) = \(contents.values[$0] ?? "nothing")" }
            let events = ids.prefix(5).map { "event \($0) \(contents.events[$0] ?? 0) times" }
            return (values + events).joined(separator: ", ")
        }
        let count = keys.count + ids.count
        let suffix = count > 10 ? " … (\(count) differences)" : ""
        return (text(self) + suffix, text(other) + suffix)
    }
}
