internal import WAL

/// The place of a consumer in the writer's process: the cursor `consumer/NAME` of the log, and a bookmark of the same name that counts the
/// starts.
///
/// The cursor is in the log after the records up to its position. So a power loss that takes a record takes the positions past it, too.
final class CursorPlace: ConsumerPlace {
    static let prefix = "consumer/"

    let beginning: ConsumerBeginning
    var renewalInterval: Duration? { nil }

    private let log: WriteAheadLog
    private let name: String
    /// The name of the cursor and the bookmark. The slash keeps them apart from the program's own.
    private let marker: String
    private let visibility: ReadVisibility
    private let state: Monitor<State>

    private struct State {
        var position: SequenceNumber
        /// The attempts in the bookmark.
        var attempts: ConsumerAttempts
        /// The attempts that the bookmark gets before the first delivery; nil from then on.
        var begun: ConsumerAttempts?
        /// Whether the name was given up. A save may still be under way then.
        var isEnded = false
    }

    init(
        _ name: String, in log: WriteAheadLog, start: ConsumerConfiguration.Start, visibility: ReadVisibility
    ) throws(WALError) {
        let marker = Self.prefix + name
        try log.claimConsumer(name)
        let known = log.cursors[marker]
        do throws(WALError) {
            // Once there is a cursor at 0, retention keeps every record. So the first record is known only after the
            // cursor is set.
            let position: SequenceNumber =
                if let known { known } else if start == .first { 0 } else {
                    try start.position(first: 1, last: log.lastSequence)
                }
            if known == nil { try log.setCursor(marker, to: position) }
            let attempts = log.bookmarks[marker].map(ConsumerAttempts.init) ?? ConsumerAttempts()
            // Set it now, so that the first delivery doesn't fail for lack of space among the markers.
            if log.bookmarks[marker] == nil { try log.setBookmark(attempts.bookmark(marker)) }
            var begun = attempts
            begun.begin(at: position.rawValue)
            beginning = ConsumerBeginning(
                position: position, isAtFirst: position == 0 && start == .first, attempts: Int(begun.count),
                last: log.lastSequence)
            state = Monitor(State(position: position, attempts: attempts, begun: begun))
        } catch {
            // A cursor without a consumer would keep every record.
            if known == nil { try? log.removeCursor(marker) }
            log.releaseConsumer(name)
            throw error
        }
        self.log = log
        self.name = name
        self.marker = marker
        self.visibility = visibility
    }

    deinit {
        // After the end, another consumer may have the name.
        if state.withLock({ !$0.isEnded }) { log.releaseConsumer(name) }
    }

    func reader(after position: SequenceNumber?) -> LogReader {
        log.reader(from: position?.next, visibility: visibility)
    }

    func noteDelivery() throws(WALError) {
        try state.withLock { state throws(WALError) in
            guard !state.isEnded, let begun = state.begun else { return }
            try log.setBookmark(begun.bookmark(marker))
            state.attempts = begun
            state.begun = nil
        }
    }

    func save(_ position: SequenceNumber) throws(WALError) {
        try state.withLock { state throws(WALError) in
            guard !state.isEnded, position > state.position else { return }
            try log.setCursor(marker, to: position)
            state.position = position
        }
    }

    func close(at position: SequenceNumber, isDone: Bool) throws(WALError) {
        defer { log.releaseConsumer(name) }
        try state.withLock { state throws(WALError) in
            state.isEnded = true
            if position > state.position { try log.setCursor(marker, to: position) }
            if state.begun == nil { state.attempts.end(at: position.rawValue, isDone: isDone) }
            if state.attempts.isEnded, state.attempts.count == 0 {
                try log.removeBookmark(marker)
            } else {
                try log.setBookmark(state.attempts.bookmark(marker))
            }
        }
    }

    func deadLetters() -> DeadLetterLog { DeadLetterLog.of(log) }
}

extension ConsumerConfiguration.Start {
    /// Returns the position of a consumer that has none yet. Throws `invalidArgument` for one after the last record: the next start would
    /// find a log that ends before it.
    func position(first: SequenceNumber, last: SequenceNumber) throws(WALError) -> SequenceNumber {
        switch self {
        case .first: return SequenceNumber(rawValue: max(1, first.rawValue) - 1)
        case .end: return last
        case .after(let sequence):
            guard sequence <= last else {
                throw WALError(
                    .invalidArgument,
                    "The consumer can't start after record \(sequence): the log's last record is \(last). Start after that one at most, or with .end."
                )
            }
            return sequence
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
