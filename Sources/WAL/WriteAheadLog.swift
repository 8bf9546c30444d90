package import Logging
package import Metrics
internal import Synchronization

/// A durable, append-only log in a directory: the side of its one writer.
///
/// A record survives the death of the process once `append` has returned (*written*). It survives a power loss once it is *durable*:
/// under ``SyncPolicy/always`` when `append` returns, otherwise when ``waitUntilDurable(_:)`` returns. All functions may be called from
/// any thread and any task at the same time.
///
/// Appending copies into mapped, allocated memory. It waits for a sync under ``SyncPolicy/always``, and for the next
/// segment after a burst that the disk can't keep up with, or while the disk or the disk budget is full. A function's
/// name shows whether it suspends, blocks, or never waits:
///
/// - ``append(_:)-(RawSpan)``, ``close()``, ``sync()`` and similar functions are `async` and suspend.
/// - ``appendBlocking(_:)-(RawSpan)``, ``closeBlocking()``, ``syncBlocking()`` and similar functions block the calling
///   thread. Asynchronous code can't call them.
/// - ``tryAppend(_:)-(RawSpan)`` never waits.
public final class WriteAheadLog: Sendable {
    let engine: Engine
    /// The engine's appender and its policy, here so that an append reads no other object for them.
    let appender: Appender
    let isSyncedAlways: Bool
    /// The names of the running consumers in this process.
    let consumerNames = Monitor<Set<String>>([])

    /// The log's directory.
    public let directory: String
    /// The findings of the opening, with the steps that it took.
    public let recovery: RecoveryReport

    /// Opens the log in a directory that is open already. Blocks for the time of the recovery.
    package init(
        in place: Directory, configuration: Configuration, logger: Logger? = nil, metrics: (any MetricsFactory)? = nil,
        as kind: LogKind = .original
    ) throws(WALError) {
        try configuration.validate()
        directory = place.path
        let start = ContinuousClock.now
        let fileSystem = FileSystemKind(of: place)
        try fileSystem.requireUsable(place.path)
        if configuration.storage == .requireDurable { try StorageInfo(of: place).requireDurable(place.path) }
        try Recovery.requireLogDirectory(place)
        let lock = try DirectoryLock(place)
        let directory = directory
        let metrics = metrics.map { LogMetrics($0, log: directory) }
        var (recovered, report) = try Recovery.recover(place, configuration: configuration, as: kind)
        engine = try Engine(
            recovered, LogStatus.Recovery(report.findings, ContinuousClock.now - start), configuration: configuration,
            lock: lock,
            logger: logger, metrics: metrics)
        appender = engine.appender
        isSyncedAlways = configuration.syncPolicy == .always
        do throws(WALError) {
            // The new segment is durable, and has the recovery's decisions.
            try RecoveryIntent.remove(from: place)
        } catch {
            // The engine's duties would keep the directory locked.
            try? engine.close()
            throw error
        }
        report.duration = ContinuousClock.now - start
        recovery = report
        metrics?.record(engine.recovery)
        if case .limited(let reason) = fileSystem.use {
            logger?.warning(
                "the log is on a file system that limits its promises",
                metadata: ["wal.directory": "\(directory)", "wal.message": "\(fileSystem.name): \(reason)"])
        }
        if let ahead = report.timeAhead {
            logger?.warning(
                "record times are ahead of the system's clock",
                metadata: ["wal.directory": "\(directory)", "wal.message": "by \(ahead)"])
        }
        logger?.log(
            level: report.findings.isEmpty ? .info : .warning, "opened the log",
            metadata: [
                "wal.directory": "\(directory)", "wal.findings": "\(report.findings.count)",
                "wal.epoch": "\(report.epoch)", "wal.last": "\(lastSequence)", "wal.duration": "\(report.duration)",
                "wal.storage": "\(engine.storage.explanation)",
            ])
    }

    deinit {
        // Best effort. Without a close, records are only as durable as the sync policy makes them.
        try? engine.close()
    }

    /// The log's identifier, which all of its segments have.
    public var id: LogID { engine.logID }

    /// The first record that is still there; one more than ``lastSequence`` if there is none.
    public var firstSequence: SequenceNumber {
        SequenceNumber(rawValue: engine.catalog.state.withLock { $0.entries.first?.segment.header.baseSequence ?? 1 })
    }

    /// The last record that was appended, or is being appended. May block for the moment in which a segment ends.
    public var lastSequence: SequenceNumber {
        SequenceNumber(rawValue: engine.catalog.waitForClaimed().sequence)
    }

    /// The last durable record.
    public var durableSequence: SequenceNumber {
        SequenceNumber(rawValue: engine.appender.durableSequence.load(ordering: .acquiring))
    }

    // MARK: Cursors

    /// The cursors: for each consumer, the last record that it has processed.
    public var cursors: [String: SequenceNumber] {
        engine.catalog.markers.markers.cursors.mapValues(SequenceNumber.init(rawValue:))
    }

    /// Moves the cursor of the consumer `name`, which has processed every record up to and including `sequence`.
    ///
    /// The cursor becomes durable with the next sync. Never blocks: while the log is full, retention uses the new value at once, and the
    /// cursor is written when there is space.
    ///
    /// - Throws: ``WALError/Code/invalidArgument`` if the name is empty or longer than 255 bytes, or if all cursors and bookmarks together
    ///   would take more than 8 KiB; ``WALError/Code/closed``.
    public func setCursor(_ name: String, to sequence: SequenceNumber) throws(WALError) {
        try engine.appender.set(.cursor(name: name, sequence: sequence.rawValue))
    }

    /// Removes a consumer's cursor, so that it keeps no segments any more.
    ///
    /// - Throws: The errors of ``setCursor(_:to:)``.
    public func removeCursor(_ name: String) throws(WALError) {
        try engine.appender.set(.cursorRemoved(name: name))
    }

    /// The bookmarks that producers have appended with their records, by name.
    public var bookmarks: [String: Bookmark] {
        engine.catalog.markers.markers.bookmarks
    }

    /// Removes a bookmark. All cursors and bookmarks together may have 8 KiB.
    ///
    /// - Throws: The errors of ``setCursor(_:to:)``.
    public func removeBookmark(_ name: String) throws(WALError) {
        try engine.appender.set(.bookmarkRemoved(name: name))
    }
}
