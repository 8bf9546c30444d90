/// The decision which consumers in other processes keep records, without files, threads or clocks.
struct ConsumerPins {
    /// The reason why no records are kept for a consumer.
    enum Release: String, CaseIterable {
        /// It hasn't saved its position for the time that it stated.
        case expired
        /// It would keep more bytes than it stated.
        case tooGreedy
        /// Its file belongs to another log, from which the directory was copied.
        case otherLog
        /// Its file isn't whole.
        case damaged
    }

    /// A consumer's file at one time.
    struct Found {
        var name: String
        var content: ConsumerFolder.Content
        /// The number of log bytes after the consumer's position.
        var pinnedBytes: UInt64
    }

    /// A change that operators must know.
    struct Change: Equatable {
        var name: String
        /// Nil if records are kept for the consumer again.
        var release: Release?
        var position: UInt64
        var pinnedBytes: UInt64
    }

    private struct Seen {
        var content: ConsumerFolder.Content
        /// The time when this content was seen first. The file's own time would follow a clock that jumps.
        var since: ContinuousClock.Instant
        var release: Release?

        var position: UInt64 {
            if case .state(let state) = content { state.position } else { 0 }
        }
    }

    private var seen: [String: Seen] = [:]
    private(set) var changes: [Change] = []

    var names: [String] { Array(seen.keys) }

    /// The lowest position of the consumers for which records are kept: the highest possible one if all were released.
    /// Nil if there are no consumers.
    var passed: UInt64? {
        guard !seen.isEmpty else { return nil }
        return seen.values.filter { $0.release == nil }.map(\.position).min() ?? .max
    }

    /// Takes what all files say now.
    mutating func update(_ found: [Found], logID: LogID?, now: ContinuousClock.Instant) {
        var next: [String: Seen] = [:]
        for file in found where file.content != .missing {
            let before = seen[file.name]
            var entry = Seen(content: file.content, since: now, release: nil)
            if let before, before.content == file.content { entry.since = before.since }
            entry.release = Self.release(file, logID: logID, age: now - entry.since)
            if entry.release != before?.release {
                changes.append(
                    Change(
                        name: file.name, release: entry.release, position: entry.position, pinnedBytes: file.pinnedBytes
                    ))
            }
            next[file.name] = entry
        }
        seen = next
    }

    private static func release(_ file: Found, logID: LogID?, age: Duration) -> Release? {
        guard case .state(let state) = file.content else { return .damaged }
        if let logID, state.logID != logID { return .otherLog }
        if age >= .microseconds(Int64(clamping: state.lifetime)) { return .expired }
        return file.pinnedBytes > state.pinnedBytesMax ? .tooGreedy : nil
    }

    /// Returns the changes since the last call.
    mutating func takeChanges() -> [Change] {
        defer { changes = [] }
        return changes
    }
}
