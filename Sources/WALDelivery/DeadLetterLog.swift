public import WAL

/// Where the records go that a sink can't take: a log of its own, in the directory `dead-letters` of the log.
///
/// It's created by the first dead letter, and durable with each. A crash between setting a record aside and moving the
/// sink's position past it sets the record aside again: ``DeadLetterReader`` gives it once. One handle serves all flushers
/// of a process; no two processes can write at the same time, as with any log.
public final class DeadLetterLog: Sendable {
    private static let handles = Monitor<[FileIdentity: WeakHandle]>([:])

    private struct WeakHandle: Sendable {
        weak let value: DeadLetterLog?
    }

    /// Dead letters are rare: prepared space would be wasted.
    private static let segmentSize = 1 << 20
    /// For the envelope and the format around the payload.
    private static let overheadMax = 256 << 10

    /// The directory of the dead letters' own log.
    public let directory: String
    /// Of the log that the letters belong to: they stay with it, whatever becomes of its name. Nil where it can't be opened.
    private let parent: Directory?
    private let open = Monitor<WriteAheadLog?>(nil)

    private init(directory: String, in parent: Directory?) {
        self.directory = directory
        self.parent = parent
    }

    deinit {
        // Whatever closing fails at, each letter was durable when it was acknowledged.
        open.withLock { log in try? log?.closeBlocking() }
    }

    /// The dead letters of the log in a directory. Opens no file of theirs yet.
    public static func of(logDirectory: String) -> DeadLetterLog {
        guard let parent = try? Directory(path: logDirectory) else {
            return DeadLetterLog(directory: path(in: logDirectory), in: nil)
        }
        return of(parent)
    }

    /// The dead letters of an open log.
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

    /// Keeps a record. Returns when it's durable.
    ///
    /// Throws as `WriteAheadLog.appendDurably(_:)` and opening do; after an error the letter may be there or not, and
    /// may be tried again: the log is opened anew if need be.
    public func append(_ letter: DeadLetterRecord) async throws(WALError) {
        let bytes = letter.encoded
        let log = try await handle(forRecordOf: bytes.count)
        do throws(WALError) {
            _ = try await log.appendDurably(bytes)
        } catch {
            if error.code != .cancelled { await discard(log) }
            throw error
        }
    }

    private func handle(forRecordOf size: Int) async throws(WALError) -> WriteAheadLog {
        try await Blocking.run { () throws(WALError) in try self.openHandle(forRecordOf: size) }
    }

    /// Blocks while it opens the log, or another call does.
    private func openHandle(forRecordOf size: Int) throws(WALError) -> WriteAheadLog {
        try open.withLock { log throws(WALError) in
            if let log, size + Self.overheadMax <= Self.segmentSize { return log }
            try log?.closeBlocking()
            log = nil
            var configuration = WriteAheadLog.Configuration()
            configuration.syncPolicy = .always
            configuration.maxPreparedSegments = 1
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

    private func discard(_ failed: WriteAheadLog) async {
        await Blocking.run {
            self.open.withLock { log in
                guard log === failed else { return }
                try? log?.closeBlocking()
                log = nil
            }
        }
    }
}
