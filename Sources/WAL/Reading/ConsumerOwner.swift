/// A process's ownership of a consumer's file.
package final class ConsumerOwner: Sendable {
    /// The position at the start.
    package let position: SequenceNumber
    /// Whether there was no file before.
    package let isNew: Bool
    /// The number of earlier starts that may have delivered the records after the position.
    package let attempts: Int

    private let name: String
    private let folder: ConsumerFolder
    private let lock: File
    /// Nil once the owner has ended.
    private let content: Monitor<Content?>

    private struct Content {
        /// The state in the file.
        var state: ConsumerState
        /// The attempts that the file gets before the first delivery; nil from then on.
        var begun: ConsumerAttempts?
    }

    /// Becomes the owner of a consumer. `newPosition` returns the position of a consumer that has none. Blocks for some
    /// syncs.
    ///
    /// The log's writer keeps records for the consumer within its lifetime and up to `pinnedBytesMax`.
    ///
    /// - Throws:
    ///   - ``WALError/Code/locked`` if the consumer has an owner.
    ///   - ``WALError/Code/corrupted`` if its file isn't whole.
    ///   - ``WALError/Code/versionTooNew`` if a newer version wrote the file.
    ///   - ``WALError/Code/sinkAhead`` if the log ends before the consumer's position.
    ///   - ``WALError/Code/notALogDirectory`` if the file belongs to another log.
    ///   - ``WALError/Code/invalidArgument`` if the name isn't allowed.
    ///   - ``WALError/Code/inputOutput`` if a file can't be read or written.
    package init(
        _ name: String, of log: ReadOnlyLog, lifetime: Duration, pinnedBytesMax: Int,
        newPosition: () throws(WALError) -> SequenceNumber
    ) throws(WALError) {
        try ConsumerFolder.requireName(name)
        let folder = try ConsumerFolder(madeIn: log.source.directory)
        let lock = try folder.lock(name)
        var state = ConsumerState(
            logID: log.id, position: 0, process: ProcessIdentity.number, processStart: ProcessIdentity.start,
            savedAt: Timestamp.now.rawValue, lifetime: UInt64(min(max(0, lifetime / .microseconds(1)), 0x1p62)),
            pinnedBytesMax: UInt64(max(0, pinnedBytesMax)))
        let path = folder.directory.path(of: name)
        let remedy = "Remove \(path) to begin as a new consumer."
        switch try folder.content(of: name) {
        case .missing:
            isNew = true
            state.position = try newPosition().rawValue
        case .damaged:
            throw WALError(.corrupted, "\(path) isn't whole. \(remedy)")
        case .newer:
            throw WALError(.versionTooNew, "A newer version wrote \(path). Use that version. \(remedy)")
        case .state(let before):
            isNew = false
            guard before.logID == log.id else {
                throw WALError(
                    .notALogDirectory, "\(path) belongs to another log than the one in \(log.directory). \(remedy)")
            }
            let last = try log.lastSequence
            guard before.position <= last.rawValue else {
                throw WALError(
                    .sinkAhead,
                    """
                    The consumer \(name) has processed record \(before.position), and the log in \(log.directory) ends with \
                    \(last): it is an older copy, or lost its end. \(remedy)
                    """)
            }
            state.position = before.position
            state.attempts = before.attempts
        }
        try folder.write(state, for: name)
        var begun = state.attempts
        begun.begin(at: state.position)
        position = SequenceNumber(rawValue: state.position)
        attempts = Int(begun.count)
        self.name = name
        self.folder = folder
        self.lock = lock
        content = Monitor(Content(state: state, begun: begun))
    }

    /// Counts this start as one that may have delivered the record after its position. Blocks for two syncs at the first call.
    package func noteDelivery() throws(WALError) {
        try content.withLock { current throws(WALError) in
            guard var next = current?.state, let begun = current?.begun else { return }
            next.attempts = begun
            next.savedAt = Timestamp.now.rawValue
            try folder.write(next, for: name)
            current = Content(state: next)
        }
    }

    /// Saves a position, and thereby renews the ownership. Blocks for two syncs. Does nothing after ``end(at:isDone:)``.
    package func save(_ position: SequenceNumber) throws(WALError) {
        try content.withLock { current throws(WALError) in
            guard var next = current?.state else { return }
            next.position = max(next.position, position.rawValue)
            next.savedAt = Timestamp.now.rawValue
            try folder.write(next, for: name)
            current?.state = next
        }
    }

    /// Saves the last position, and gives up the ownership. Blocks for two syncs.
    package func end(at position: SequenceNumber, isDone: Bool) throws(WALError) {
        try content.withLock { current throws(WALError) in
            guard var last = current?.state else { return }
            last.position = max(last.position, position.rawValue)
            last.savedAt = Timestamp.now.rawValue
            last.process = 0
            last.processStart = 0
            if current?.begun == nil { last.attempts.end(at: last.position, isDone: isDone) }
            // The name is free even if the position can't be saved.
            current = nil
            defer { lock.unlock() }
            try folder.write(last, for: name)
        }
    }

    /// Returns the folder for records that the consumer sets aside. Makes it if it isn't there.
    package func parkedFolder() throws(WALError) -> String {
        try folder.directory.folder(name + ConsumerFolder.parkedSuffix).path
    }
}
