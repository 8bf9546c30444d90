internal import WAL

/// The place of a consumer in the writer's process: a cursor of the log, and a bookmark of the same name that counts the
/// starts.
final class CursorPlace: ConsumerPlace {
    let beginning: ConsumerBeginning
    var renewalInterval: Duration? { nil }

    private let log: WriteAheadLog
    private let name: String
    private let visibility: ReadVisibility
    private let state: Monitor<State>

    private struct State {
        var position: SequenceNumber
        var attempts: ConsumerAttempts
        /// Whether the name was given up. A save may still be under way then.
        var isEnded = false
    }

    init(
        _ name: String, in log: WriteAheadLog, start: ConsumerConfiguration.Start, visibility: ReadVisibility
    ) throws(WALError) {
        try log.claimConsumer(name)
        do throws(WALError) {
            let known = log.cursors[name]
            // From here on, retention keeps every record.
            if known == nil { try log.setCursor(name, to: 0) }
            let position = known ?? start.position(first: log.firstSequence, last: log.lastSequence)
            if known == nil { try log.setCursor(name, to: position) }
            var attempts = log.bookmarks[name].map(ConsumerAttempts.init) ?? ConsumerAttempts()
            attempts.begin(at: position.rawValue)
            try log.setBookmark(attempts.bookmark(name))
            beginning = ConsumerBeginning(
                position: position, isAtFirst: known == nil && start == .first, attempts: Int(attempts.count),
                last: log.lastSequence)
            state = Monitor(State(position: position, attempts: attempts))
        } catch {
            log.releaseConsumer(name)
            throw error
        }
        self.log = log
        self.name = name
        self.visibility = visibility
    }

    deinit {
        // After the end, another consumer may have the name.
        if state.withLock({ !$0.isEnded }) { log.releaseConsumer(name) }
    }

    func reader(after position: SequenceNumber?) -> LogReader {
        log.reader(from: position?.next, visibility: visibility)
    }

    func save(_ position: SequenceNumber) throws(WALError) {
        try state.withLock { state throws(WALError) in
            guard !state.isEnded, position > state.position else { return }
            try log.setCursor(name, to: position)
            state.position = position
        }
    }

    func close(at position: SequenceNumber, isDone: Bool) throws(WALError) {
        defer { log.releaseConsumer(name) }
        try state.withLock { state throws(WALError) in
            state.isEnded = true
            if position > state.position { try log.setCursor(name, to: position) }
            state.attempts.end(at: position.rawValue, isDone: isDone)
            if isDone {
                try log.removeBookmark(name)
            } else {
                try log.setBookmark(state.attempts.bookmark(name))
            }
        }
    }

    func deadLetters() -> DeadLetterLog { DeadLetterLog.of(log) }
}

extension ConsumerConfiguration.Start {
    /// The position of a consumer that has none yet.
    func position(first: SequenceNumber, last: SequenceNumber) -> SequenceNumber {
        switch self {
        case .first: SequenceNumber(rawValue: max(1, first.rawValue) - 1)
        case .end: last
        case .after(let sequence): sequence
        }
    }
}

extension ConsumerAttempts {
    init(_ mark: Bookmark) {
        let bytes = mark.metadata
        guard bytes.count == 5 else {
            self.init()
            return
        }
        let count = bytes.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        self.init(start: mark.position, count: count, isEnded: bytes[4] == 1)
    }

    func bookmark(_ name: String) -> Bookmark {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: count >> UInt32(8 * $0)) }
        return Bookmark(name: name, position: start, metadata: bytes + [isEnded ? 1 : 0])
    }
}
