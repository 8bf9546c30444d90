internal import Synchronization
internal import WAL

/// The log in the directory `dead-letters`, which the handles of a process share.
///
/// It closes after its last user's end, on a thread that may block. A user that comes meanwhile waits for that and opens it again, so
/// none finds it locked by this process.
final class DeadLetterFile: Sendable {
    private static let files = Monitor<[FileIdentity: DeadLetterFile]>([:])
    private static let folder = "dead-letters"
    /// Small, because dead letters are rare and prepared space would be wasted.
    private static let segmentSize = 1 << 20
    /// The space for the envelope and the format around the payload.
    private static let overheadMax = 256 << 10

    /// The directory of the dead-letter log.
    let directory: String
    /// The directory of the log that the letters belong to, held open so that renaming it doesn't matter. Nil if it
    /// couldn't be opened.
    private let parent: Directory?
    /// Lock order: before `files`.
    private let open = Monitor<Open?>(nil)
    /// Changes under the lock of `files`.
    private let userCount = Atomic(1)
    private let wasOpened = Atomic(false)
    /// Held while letters are redriven, so that two calls don't take the same ones. Holds a byte, because ThreadSanitizer reports accesses
    /// to an empty value as accesses to its neighbor.
    let redriving = Monitor<UInt8>(0)

    private struct Open {
        var log: WriteAheadLog
        var segmentSize: Int
    }

    private init(directory: String, in parent: Directory?) {
        self.directory = directory
        self.parent = parent
    }

    static func path(in logDirectory: String) -> String {
        logDirectory + "/" + folder
    }

    /// Returns the file of the log in a directory, for one more user.
    static func use(logDirectory: String) -> DeadLetterFile {
        guard let parent = try? Directory(path: logDirectory) else {
            return DeadLetterFile(directory: path(in: logDirectory), in: nil)
        }
        return use(parent)
    }

    /// Returns the file of the log in a directory, for one more user.
    static func use(_ parent: Directory) -> DeadLetterFile {
        files.withLock { files in
            if let file = files[parent.place.identity] {
                file.userCount.add(1, ordering: .relaxed)
                return file
            }
            let file = DeadLetterFile(directory: parent.path(of: folder), in: parent)
            files[parent.place.identity] = file
            return file
        }
    }

    /// Whether ``closeIfUnused()`` may block.
    var mayBlock: Bool { wasOpened.load(ordering: .relaxed) }

    /// Ends a use. Returns whether it was the last one: then ``closeIfUnused()`` follows.
    func endUse() -> Bool {
        Self.files.withLock { _ in userCount.subtract(1, ordering: .relaxed).newValue == 0 }
    }

    /// Closes the log, unless it is used again. Blocks if the log was opened.
    func closeIfUnused() {
        open.withLock { open in
            guard userCount.load(ordering: .relaxed) == 0 else { return }
            // An error loses nothing: each letter was durable when it was acknowledged.
            try? open?.log.closeBlocking()
            open = nil
            Self.files.withLock { files in
                guard userCount.load(ordering: .relaxed) == 0, let identity = parent?.place.identity else { return }
                if files[identity] === self { files[identity] = nil }
            }
        }
    }

    /// Returns the open log. Blocks while this or another call opens or closes it. A call for a larger record may close the log again: see
    /// ``hasReplaced(_:)``.
    func handle(forRecordOf size: Int) throws(WALError) -> WriteAheadLog {
        try open.withLock { open throws(WALError) in
            guard userCount.load(ordering: .relaxed) > 0 else {
                throw WALError(
                    .closed, "The consumer was closed meanwhile. The record isn't set aside, and comes again.")
            }
            if let open, size + Self.overheadMax <= open.segmentSize { return open.log }
            try open?.log.closeBlocking()
            open = nil
            let configuration = WriteAheadLog.Configuration(
                syncPolicy: .always, segmentSize: max(Self.segmentSize, (size + Self.overheadMax + 4095) & ~4095),
                maxPreparedSegments: 1, publishesStatus: false)
            let place =
                if let parent { try parent.folder(Self.folder, followsLinks: true) } else {
                    try Directory.make(directory)
                }
            wasOpened.store(true, ordering: .relaxed)
            let log = try WriteAheadLog(in: place, configuration: configuration)
            open = Open(log: log, segmentSize: configuration.segmentSize)
            return log
        }
    }

    /// Whether the log isn't the open one any more. Blocks as ``handle(forRecordOf:)`` does.
    func hasReplaced(_ log: WriteAheadLog) -> Bool { open.withLock { $0?.log !== log } }

    /// Closes a log that has failed. The next call opens it again.
    func forget(_ failed: WriteAheadLog) {
        open.withLock { open in
            guard open?.log === failed else { return }
            try? open?.log.closeBlocking()
            open = nil
        }
    }
}
