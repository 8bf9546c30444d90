internal import Synchronization
public import WAL

/// The log of the records that a sink rejected, in the directory `dead-letters` of the delivered log.
///
/// The first dead letter creates it, and each dead letter is durable once it is appended. After a crash between
/// setting a record aside and moving the sink's position past it, the record comes again. The flusher removes the
/// letter before that, and sets the record aside again if the sink still rejects it. A letter that is removed stays in
/// the files, and no reader returns it.
///
/// The handles of a process share one open log. As with any log, only one process can write at a time.
public final class DeadLetterLog: Sendable {
    /// The number of removals in a frame.
    private static let removalsMax = 1000

    let file: DeadLetterFile
    private let isReleased = Atomic(false)

    /// The directory of the dead-letter log.
    public var directory: String { file.directory }

    private init(_ file: DeadLetterFile) {
        self.file = file
    }

    deinit {
        guard endUse() else { return }
        guard file.mayBlock else { return file.closeIfUnused() }
        do throws(WALError) {
            try NamedThread.start("wal-blocking") { [file] in file.closeIfUnused() }
        } catch {
            // The system can't start more threads.
            file.closeIfUnused()
        }
    }

    /// Returns the dead-letter log of the log in a directory. Opens none of its files yet.
    public static func of(logDirectory: String) -> DeadLetterLog {
        DeadLetterLog(DeadLetterFile.use(logDirectory: logDirectory))
    }

    /// Returns the dead-letter log of an open log.
    static func of(_ log: WriteAheadLog) -> DeadLetterLog {
        DeadLetterLog(DeadLetterFile.use(log.heldDirectory))
    }

    /// Suspends until the files are closed, unless other handles use them. The handle can't be used after that.
    package func release() async {
        if endUse() { await Blocking.run { self.file.closeIfUnused() } }
    }

    private func endUse() -> Bool {
        !isReleased.exchange(true, ordering: .relaxed) && file.endUse()
    }

    /// Appends a dead letter and suspends until it is durable.
    ///
    /// After an error the letter may have been stored or not. Call again to retry: the log is reopened if necessary.
    ///
    /// - Throws: The codes of `WriteAheadLog.appendDurably(_:)` and of opening a log.
    public func append(_ letter: DeadLetterRecord) async throws(WALError) {
        let bytes = letter.encoded
        while true {
            let log = try await Blocking.run { () throws(WALError) in try self.file.handle(forRecordOf: bytes.count) }
            do throws(WALError) {
                _ = try await log.appendDurably(bytes)
                return
            } catch {
                // A larger letter needed larger segments meanwhile.
                if error.code == .closed, await Blocking.run({ self.file.hasReplaced(log) }) { continue }
                if error.code != .cancelled { await Blocking.run { self.file.forget(log) } }
                throw error
            }
        }
    }

    /// Removes letters. ``DeadLetterReader`` no longer returns them, and they aren't delivered again. Letters that
    /// aren't there are ignored. If the sink rejects such a record again, the record becomes a new letter. Suspends
    /// until the removal is durable.
    ///
    /// - Throws: `locked` if another process has set letters aside, and has the log of the letters open; the codes of
    ///   ``append(_:)``.
    public func discard(_ letters: [DeadLetterRecord]) async throws(WALError) {
        try await Blocking.run { () throws(WALError) in try self.remove(letters.map(\.identity)) }
    }

    /// Removes letters. Blocks until the removal is durable.
    func remove(_ letters: [DeadLetterRecord.Identity]) throws(WALError) {
        for start in stride(from: 0, to: letters.count, by: Self.removalsMax) {
            var batch = RecordBatch()
            for letter in letters[start...].prefix(Self.removalsMax) {
                batch.append(DeadLetterRecord.removal(of: letter))
            }
            try append(batch)
        }
    }

    private func append(_ batch: RecordBatch) throws(WALError) {
        while true {
            let log = try file.handle(forRecordOf: batch.payloads.count)
            do throws(WALError) {
                try log.appendBlocking(batch)
                return
            } catch {
                if error.code == .closed, file.hasReplaced(log) { continue }
                file.forget(log)
                throw error
            }
        }
    }
}
