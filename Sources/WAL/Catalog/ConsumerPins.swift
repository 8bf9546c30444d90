/// The decision about the consumers in other processes for which records are kept, without files, threads or clocks.
struct ConsumerPins {
    /// The reason why no records are kept for a consumer.
    enum Release: String, CaseIterable {
        /// It hasn't saved its position for the time that it stated.
        case expired
        /// It would keep more bytes than it stated.
        case tooGreedy
        /// Its file belongs to another log, from which the directory was copied.
        case otherLog
        /// Its file isn't whole or can't be read, and its position isn't known from before.
        case damaged

        /// Whether the file is that of a consumer of this log.
        var isOfThisLog: Bool { self == .expired || self == .tooGreedy }
    }

    /// A consumer's file at one time.
    struct Found {
        var name: String
        /// Damaged if the file can't be read.
        var content: ConsumerFolder.Content
        /// The error of reading the file.
        var fault: String?
        /// The number of log bytes after the consumer's position.
        var pinnedBytes: UInt64 = 0
    }

    /// A change that operators must know about.
    struct Change: Equatable {
        enum Kind: Equatable {
            case released(Release)
            /// Records are kept for the consumer again.
            case kept
            /// The file isn't whole or can't be read, and the last known position counts.
            case fault(String)
            /// The folder can't be read, and the last known positions count.
            case folderFault(String)
        }

        var kind: Kind
        var name: String
        var position: UInt64
        var pinnedBytes: UInt64
    }

    private struct Seen {
        /// The last content of the file that was whole; nil if there was none.
        var state: ConsumerState?
        /// The time when this content was seen first. The file's own time would follow a clock that jumps. The time while the machine
        /// sleeps doesn't count, because no consumer can save then.
        var since: SuspendingClock.Instant
        var isFaulty: Bool
        var release: Release?
    }

    private var seen: [String: Seen] = [:]
    private var isFolderFaulty = false
    private(set) var changes: [Change] = []

    /// The last known positions of the consumers, by name.
    var positions: [String: UInt64] { seen.mapValues { $0.state?.position ?? 0 } }

    /// The last known positions of the consumers for which records are kept.
    var keptPositions: [String: UInt64] {
        seen.filter { $0.value.release == nil }.compactMapValues { $0.state?.position }
    }

    /// The lowest position of the consumers for which records are kept: the highest possible one if all were released.
    /// Nil if there are no consumers of this log.
    var passed: UInt64? {
        let ofThisLog = seen.values.filter { $0.release?.isOfThisLog ?? true }
        guard !ofThisLog.isEmpty else { return nil }
        return ofThisLog.filter { $0.release == nil }.compactMap { $0.state?.position }.min() ?? .max
    }

    /// Takes the present contents of all files.
    mutating func update(_ found: [Found], logID: LogID?, now: SuspendingClock.Instant) {
        var next: [String: Seen] = [:]
        for file in found where file.content != .missing {
            let before = seen[file.name]
            var entry = Seen(
                state: file.content.state ?? before?.state, since: now, isFaulty: file.content == .damaged)
            if let before, before.state == entry.state { entry.since = before.since }
            entry.release = Self.release(entry.state, file.pinnedBytes, logID: logID, age: now - entry.since)
            if let kind = Self.change(from: before, to: entry, fault: file.fault) {
                changes.append(
                    Change(
                        kind: kind, name: file.name, position: entry.state?.position ?? 0, pinnedBytes: file.pinnedBytes
                    ))
            }
            next[file.name] = entry
        }
        seen = next
    }

    /// Takes the error of the last attempt to read the folder; nil if it succeeded.
    mutating func noteFolder(_ fault: String?) {
        if let fault, !isFolderFaulty {
            changes.append(Change(kind: .folderFault(fault), name: ConsumerFolder.name, position: 0, pinnedBytes: 0))
        }
        isFolderFaulty = fault != nil
    }

    private static func release(
        _ state: ConsumerState?, _ pinnedBytes: UInt64, logID: LogID?, age: Duration
    ) -> Release? {
        guard let state else { return .damaged }
        if let logID, state.logID != logID { return .otherLog }
        if age >= .microseconds(Int64(clamping: state.lifetime)) { return .expired }
        return pinnedBytes > state.pinnedBytesMax ? .tooGreedy : nil
    }

    private static func change(from before: Seen?, to after: Seen, fault: String?) -> Change.Kind? {
        if after.release != before?.release { return after.release.map { .released($0) } ?? .kept }
        guard after.release == nil, after.isFaulty, before?.isFaulty != true else { return nil }
        return .fault(fault ?? "the file isn't whole")
    }

    /// Returns the changes since the last call.
    mutating func takeChanges() -> [Change] {
        defer { changes = [] }
        return changes
    }
}
