/// The signals of a task that no wait has taken yet, in order. No two of them have one id.
///
/// Each element of an iterator may have one before its wait begins, so a wait finds its signal by the path.
struct PendingSignals: Hashable, Sendable {
    private struct Entry: Sendable {
        let number: UInt64
        let signal: TaskJournal.Signal
    }

    /// The signals of each path, in order.
    private var entries: [String: [Entry]] = [:]
    /// The path of each signal, by its id.
    private var paths: [String: String] = [:]
    private var nextNumber: UInt64 = 0

    /// The signals of all paths, in order.
    var all: [TaskJournal.Signal] {
        entries.values.joined().sorted { $0.number < $1.number }.map(\.signal)
    }

    /// Returns the first signal for a path.
    func first(at path: String) -> TaskJournal.Signal? { entries[path]?.first?.signal }

    /// Whether a signal is for a path.
    func has(_ id: String, at path: String) -> Bool { paths[id] == path }

    mutating func append(_ signal: TaskJournal.Signal) {
        entries[signal.path, default: []].append(Entry(number: nextNumber, signal: signal))
        paths[signal.id] = signal.path
        nextNumber += 1
    }

    mutating func remove(_ id: String) {
        guard let path = paths.removeValue(forKey: id) else { return }
        entries[path]?.removeAll { $0.signal.id == id }
        if entries[path]?.isEmpty == true { entries[path] = nil }
    }

    /// Whether both have the same signals in the same order. Their numbers may differ after a checkpoint.
    static func == (left: Self, right: Self) -> Bool { left.all == right.all }

    func hash(into hasher: inout Hasher) { hasher.combine(all) }
}
