public import WAL

/// The log of the records that a sink rejected, in the directory `dead-letters` of the delivered log.
///
/// The first dead letter creates it, and each dead letter is durable once it is appended. After a crash between
/// setting a record aside and moving the sink's position past it, the record is set aside again; ``DeadLetterReader``
/// returns it once. A letter that is removed stays in the files, and no reader returns it.
///
/// One handle serves all flushers of a process. As with any log, only one process can write at a time.
public final class DeadLetterLog: Sendable {
    private static let handles = Monitor<[FileIdentity: WeakHandle]>([:])

    private struct WeakHandle: Sendable {
        weak let value: DeadLetterLog?
    }

    /// Small, because dead letters are rare and prepared space would be wasted.
    private static let segmentSize = 1 << 20
    /// The space for the envelope and the format around the payload.
    private static let overheadMax = 256 << 10
    /// The number of removals in a frame.
    private static let removalsMax = 1000

    /// The directory of the dead-letter log.
    public let directory: String
    /// The directory of the log that the letters belong to, held open so that renaming it doesn't matter. Nil if it
    /// couldn't be opened.
    private let parent: Directory?
    private let open = Monitor<WriteAheadLog?>(nil)
    /// Held while letters are redriven, so that two calls don't take the same ones. Holds a byte, because ThreadSanitizer reports accesses
    /// to an empty value as accesses to its neighbor.
    let redriving = Monitor<UInt8>(0)

    private init(directory: String, in parent: Directory?) {
        self.directory = directory
        self.parent = parent
    }

    deinit {
        // An error of closing loses nothing: each letter was durable when it was acknowledged.
        open.withLock { log in try? log?.closeBlocking() }
    }

    /// Returns the dead-letter log of the log in a directory. Opens none of its files yet.
    public static func of(logDirectory: String) -> DeadLetterLog {
        guard let parent = try? Directory(path: logDirectory) else {
            return DeadLetterLog(directory: path(in: logDirectory), in: nil)
        }
        return of(parent)
    }

    /// Returns the dead-letter log of an open log.
    static func of(_ log: WriteAheadLog) -> DeadLetterLog {
        of(log.heldDirectory)
    }

    private static func of(_ parent: Directory) -> DeadLetterLog {
        handles.withLock { handles in
            if let handle = handles[parent.place.identity]?.value { return handle }
            let handle = DeadLetterLog(directory: parent.path(of: folder), in: parent)
            handles[parent.place.identity] = WeakHandle(value: handle)
            return handle
        }
    }

    private static let folder = "dead-letters"

    static func path(in logDirectory: String) -> String {
        logDirectory + "/" + folder
    }

    /// Appends a dead letter and suspends until it is durable.
    ///
    /// After an error the letter may have been stored or not. Call again to retry: the log is reopened if necessary.
    ///
    /// - Throws: the codes of `WriteAheadLog.appendDurably(_:)` and of opening a log.
    public func append(_ letter: DeadLetterRecord) async throws(WALError) {
        let bytes = letter.encoded
        let log = try await handle(forRecordOf: bytes.count)
        do throws(WALError) {
            _ = try await log.appendDurably(bytes)
        } catch {
            if error.code != .cancelled { await Blocking.run { self.forget(log) } }
            throw error
        }
    }

    /// Removes letters. ``DeadLetterReader`` doesn't return them any more, and they come to no sink. Letters that aren't
    /// there don't matter. Suspends until the removal is durable.
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
            let log = try openHandle(forRecordOf: batch.payloads.count)
            do throws(WALError) {
                try log.appendBlocking(batch)
            } catch {
                forget(log)
                throw error
            }
        }
    }

    private func handle(forRecordOf size: Int) async throws(WALError) -> WriteAheadLog {
        try await Blocking.run { () throws(WALError) in try self.openHandle(forRecordOf: size) }
    }

    /// Returns the open log. Blocks while this or another call opens it.
    private func openHandle(forRecordOf size: Int) throws(WALError) -> WriteAheadLog {
        try open.withLock { log throws(WALError) in
            if let log, size + Self.overheadMax <= Self.segmentSize { return log }
            try log?.closeBlocking()
            log = nil
            var configuration = WriteAheadLog.Configuration()
            configuration.syncPolicy = .always
            configuration.maxPreparedSegments = 1
            configuration.publishesStatus = false
            configuration.segmentSize = max(Self.segmentSize, (size + Self.overheadMax + 4095) & ~4095)
            let place =
                if let parent { try parent.folder(Self.folder, followsLinks: true) } else {
                    try Directory.make(directory)
                }
            let opened = try WriteAheadLog(in: place, configuration: configuration)
            log = opened
            return opened
        }
    }

    /// Closes a log that has failed. The next call opens it again.
    private func forget(_ failed: WriteAheadLog) {
        open.withLock { log in
            guard log === failed else { return }
            try? log?.closeBlocking()
            log = nil
        }
    }
}
