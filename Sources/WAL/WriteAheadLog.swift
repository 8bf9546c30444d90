public import Logging
public import Metrics
internal import Synchronization

/// A durable, append-only log in a directory: the one writer's side of it.
///
/// Every record that was appended survives the death of this process (*written*), and a power loss too once it is
/// *durable*: under ``SyncPolicy/always`` when `append` returns, else when ``waitUntilDurable(_:)`` does. All functions may
/// be called from any thread and any task at the same time.
///
/// Appending copies into memory that is mapped and allocated already. It waits only where a sync is waited for
/// (``SyncPolicy/always``), and where no segment is ready: after a burst beyond the disk's speed, or with the disk or the
/// disk budget full. Threads block for that, and tasks suspend: what can block is there twice, and in asynchronous code the
/// compiler takes the form that suspends.
public final class WriteAheadLog: Sendable {
    let engine: Engine
    /// The running flushers, by the names of their sinks.
    package let sinks = Monitor<[String: any SinkProgress]>([:])

    /// The log's directory.
    public let directory: String
    /// What opening found, dropped and lost.
    public let recovery: RecoveryReport

    /// Opens the log in a directory, or creates it there, and recovers it from whatever happened before.
    ///
    /// Throws `locked`, `notALogDirectory`, `versionTooNew`, `diskFull`, `inputOutput`, `invalidArgument` (for the configuration),
    /// and under ``DamagePolicy/strict`` `corrupted`. Blocks for the time of the recovery.
    @available(
        *, noasync, message: "Blocks the thread for the time of the recovery. Await WriteAheadLog.open(at:) instead."
    )
    public convenience init(
        at directory: String, configuration: Configuration = Configuration(), logger: Logger? = nil,
        metrics: (any MetricsFactory)? = nil
    ) throws(WALError) {
        try configuration.validate()
        try self.init(in: Directory.make(directory), configuration: configuration, logger: logger, metrics: metrics)
    }

    /// Opens the log in a directory that is open already.
    package init(
        in place: Directory, configuration: Configuration, logger: Logger? = nil, metrics: (any MetricsFactory)? = nil
    ) throws(WALError) {
        try configuration.validate()
        directory = place.path
        let start = ContinuousClock.now
        let fileSystem = FileSystemKind(of: place)
        try fileSystem.requireUsable(place.path)
        try Recovery.requireLogDirectory(place)
        let lock = try DirectoryLock(place)
        var (recovered, report) = try Recovery.recover(place, configuration: configuration)
        engine = try Engine(
            recovered, configuration: configuration, lock: lock, logger: logger, metrics: metrics.map(LogMetrics.init))
        do throws(WALError) {
            // The fresh segment is durable: it says what was decided.
            try RecoveryIntent.remove(from: place)
        } catch {
            // Its threads would keep the directory locked.
            try? engine.close()
            throw error
        }
        report.duration = ContinuousClock.now - start
        recovery = report
        if case .limited(let reason) = fileSystem.use {
            logger?.warning(
                "the log is on a file system that limits its promises",
                metadata: ["wal.directory": "\(directory)", "wal.message": "\(fileSystem.name): \(reason)"])
        }
        if let ahead = report.timeAhead {
            logger?.warning(
                "records have times that lie ahead of the system's clock",
                metadata: ["wal.directory": "\(directory)", "wal.message": "by \(ahead)"])
        }
        logger?.log(
            level: report.findings.isEmpty ? .info : .warning, "opened the log",
            metadata: [
                "wal.directory": "\(directory)", "wal.findings": "\(report.findings.count)",
                "wal.epoch": "\(report.epoch)", "wal.last": "\(lastSequence)", "wal.duration": "\(report.duration)",
            ])
    }

    deinit {
        // Without close() what was appended is only as safe as the sync policy has it; sealing it here is a courtesy.
        try? engine.close()
    }

    /// What tells this log from others.
    public var id: LogID { engine.logID }

    // MARK: Appending

    /// Appends a record. When it returns, the record survives the death of this process; under ``SyncPolicy/always`` it
    /// is durable.
    ///
    /// The payload is read twice, so memory that others write to, as of a mapped file or a device, is to be copied first: a record
    /// that changes in between is found damaged when it is read.
    ///
    /// Throws `recordTooLarge`, `logFull`, `diskFull`, `closed`, `poisoned`, `indeterminate`.
    @available(
        *, noasync,
        message: """
            Blocks the thread under `.always`, and while no segment is ready. Await append(_:) with a [UInt8], or \
            append(count:initializingWith:), which copies the bytes once.
            """
    )
    @discardableResult
    public func append(_ payload: RawSpan) throws(WALError) -> SequenceNumber {
        let sequence = try engine.appender.append(.record, bodySize: payload.byteCount, records: 1) { frame in
            unsafe payload.withUnsafeBytes { bytes in unsafe frame.copy(bytes) }
        }
        try finishAppend(sequence)
        return SequenceNumber(rawValue: sequence)
    }

    /// Appends a record; see ``append(_:)-(RawSpan)``.
    @discardableResult
    public func append(_ payload: [UInt8]) throws(WALError) -> SequenceNumber {
        unsafe try append(payload.span.bytes)
    }

    /// Appends a record of `count` bytes that `initialize` writes straight into the segment; see ``append(_:)-(RawSpan)``.
    ///
    /// `initialize` must write all of them, and should be quick: nothing behind this record becomes visible before.
    @discardableResult
    public func append(
        count: Int, initializingWith initialize: (inout OutputRawSpan) -> Void
    ) throws(WALError) -> SequenceNumber {
        let sequence = try engine.appender.append(.record, bodySize: count, records: 1) { frame in
            Self.fill(frame, with: initialize)
        }
        try finishAppend(sequence)
        return SequenceNumber(rawValue: sequence)
    }

    /// Appends records that become visible together or not at all, and a bookmark with them. Returns the last one's
    /// sequence number; the others come right before it.
    ///
    /// The batch mustn't be empty. A bookmark's name belongs to one producer. Throws as ``append(_:)-(RawSpan)`` does, and
    /// `invalidArgument` where the bookmark is too large.
    @discardableResult
    public func append(_ batch: RecordBatch, bookmark: Bookmark? = nil) throws(WALError) -> SequenceNumber {
        let sequence = try engine.appender.append(batch, bookmark: bookmark)
        try finishAppend(sequence)
        return SequenceNumber(rawValue: sequence)
    }

    @inline(__always)
    static func fill(_ frame: ClaimedFrame, with initialize: (inout OutputRawSpan) -> Void) -> UInt32 {
        let body = unsafe frame.body
        var output = unsafe OutputRawSpan(buffer: body, initializedCount: 0)
        initialize(&output)
        let written = unsafe output.finalize(for: body)
        precondition(written == body.count, "\(written) of \(body.count) bytes of a record were written")
        return frame.checksum()
    }

    @inline(__always)
    private func finishAppend(_ sequence: UInt64) throws(WALError) {
        if engine.appender.isSyncedAlways { try engine.commit.blockUntilDurable(.sequence(sequence)) }
    }

    // MARK: Durability

    /// Suspends until the record with this sequence number, which must have been appended, is durable, and has it synced if nobody else does.
    ///
    /// Throws `indeterminate` if the sync failed, `closed`, `cancelled`, `invalidArgument` for a number that wasn't given yet.
    public func waitUntilDurable(_ sequence: SequenceNumber) async throws(WALError) {
        try require(sequence)
        try await engine.commit.waitUntilDurable(.sequence(sequence.rawValue))
    }

    /// Blocks the calling thread until the record with this sequence number is durable; see ``waitUntilDurable(_:)``.
    @available(*, noasync, message: "Blocks the thread; use waitUntilDurable(_:).")
    public func blockUntilDurable(_ sequence: SequenceNumber) throws(WALError) {
        try require(sequence)
        try engine.commit.blockUntilDurable(.sequence(sequence.rawValue))
    }

    /// Makes everything durable that was appended before the call, cursors too. Returns the last durable sequence number.
    @discardableResult
    public func sync() async throws(WALError) -> SequenceNumber {
        try await engine.commit.waitUntilDurable(.position(engine.catalog.waitForClaimed().position))
        return durableSequence
    }

    private func require(_ sequence: SequenceNumber) throws(WALError) {
        guard sequence > durableSequence else { return }
        let last = lastSequence
        guard sequence <= last else {
            throw WALError(
                .invalidArgument, "Sequence number \(sequence) wasn't given to a record yet; the last is \(last).")
        }
    }

    /// The first record that is still there; one more than ``lastSequence`` where there is none.
    public var firstSequence: SequenceNumber {
        SequenceNumber(rawValue: engine.catalog.state.withLock { $0.entries.first?.segment.header.baseSequence ?? 1 })
    }

    /// The last record that was appended, or is being appended.
    public var lastSequence: SequenceNumber {
        SequenceNumber(rawValue: engine.catalog.waitForClaimed().sequence)
    }

    /// The last record that is durable.
    public var durableSequence: SequenceNumber {
        SequenceNumber(rawValue: engine.appender.durableSequence.load(ordering: .acquiring))
    }

    // MARK: Cursors

    /// The last record that each consumer has done with.
    public var cursors: [String: SequenceNumber] {
        engine.catalog.markers.markers.cursors.mapValues(SequenceNumber.init(rawValue:))
    }

    /// Remembers in the log that a consumer has done with all records up to this one. Segments behind a cursor aren't
    /// removed. Durable with the next sync. `name` has 1 to 255 bytes.
    ///
    /// Doesn't wait: where the log is full, retention goes by the new value at once, and it is written when there is space.
    public func setCursor(_ name: String, to sequence: SequenceNumber) throws(WALError) {
        try engine.appender.setCursor(name, to: sequence.rawValue)
    }

    /// Forgets a consumer, so that it keeps no segments any more.
    public func removeCursor(_ name: String) throws(WALError) {
        try engine.appender.setCursor(name, to: nil)
    }

    /// What producers have left with their records, by name.
    public var bookmarks: [String: Bookmark] {
        engine.catalog.markers.markers.bookmarks
    }

    /// Forgets a bookmark, so that it takes up no room any more. All cursors and bookmarks together may have 8 KiB.
    public func removeBookmark(_ name: String) throws(WALError) {
        try engine.appender.removeBookmark(name)
    }

    // MARK: Reading

    /// A reader that starts with this record; without a number with the first that is there.
    ///
    /// Records that were removed from this number on are its first gap.
    public func reader(from sequence: SequenceNumber? = nil, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(engine.source, from: sequence?.rawValue, visibility: visibility)
    }

    /// A reader that starts with the first record of this time or later.
    public func reader(since time: Timestamp, visibility: ReadVisibility = .written) -> LogReader {
        LogReader(engine.source, since: time.rawValue, visibility: visibility)
    }

    /// The entries from this record on, or the first that is there, for ever: waits at the end, and finishes when the log is closed.
    public func entries(from sequence: SequenceNumber? = nil, visibility: ReadVisibility = .written) -> LogEntries {
        LogEntries { [engine] in LogReader(engine.source, from: sequence?.rawValue, visibility: visibility) }
    }

    /// The records from this one on, or the first that is there, for ever: waits at the end, and finishes when the log is closed.
    public func records(from sequence: SequenceNumber? = nil, visibility: ReadVisibility = .written) -> LogRecords {
        LogRecords { [engine] in LogReader(engine.source, from: sequence?.rawValue, visibility: visibility) }
    }

    // MARK: Operating

    /// Ends the active segment: it is sealed, and the next record starts another. Blocks while no segment is ready.
    public func roll() throws(WALError) {
        try engine.appender.roll()
    }

    /// Removes what the retention rule lets go, now instead of within a second. Blocks for some syncs of the directory.
    public func applyRetention() {
        engine.applyRetention()
    }

    /// Makes everything durable, seals the active segment and frees the directory. Blocks for the time of that.
    ///
    /// Waits for appends that are under way; later ones throw `closed`. A second call does nothing. Throws
    /// `indeterminate` if not everything could be made durable; the directory is free all the same.
    public func close() throws(WALError) {
        try engine.close()
    }
}

/// The progress of a running flusher into one sink.
package protocol SinkProgress: Sendable {
    /// Suspends until the sink has applied every record up to `sequence`.
    func waitUntilApplied(_ sequence: SequenceNumber) async throws(WALError)
}
