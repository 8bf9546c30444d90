internal import Logging

/// The writer's side of an open log. It wires the parts together and starts their duties:
///
/// - ``SegmentCatalog``: the segments, and the files that are ready for the next ones.
/// - ``Appender``: the producers' side, which claims, copies and commits.
/// - ``GroupCommit``: the sync leader's side, which scans, seals and syncs.
/// - ``MarkerBoard``: the cursors and bookmarks.
///
/// Locks, in the order in which a thread may take them:
///
/// | Lock | Protects | Order |
/// | --- | --- | --- |
/// | `SegmentCatalog.removal` | removal and replacement of segment files | before `SegmentCatalog.state` |
/// | `MarkerBoard.pending` | changes of markers that aren't in the log yet, and their order | before all below |
/// | `Appender.frameOrder` | the order of a replica's frames | before the locks of `SyncRequests` and `TailWaiters` |
/// | `SegmentCatalog.state` | the catalog; stores to `Appender.current` | before `MarkerBoard.register` |
/// | `SyncRequests.state` | requests to the duty that syncs | before `GroupCommit.state` |
/// | `GroupCommit.state` | the leader, the round, the durable position, waiters | last |
/// | `SegmentCatalog.consumers` | the consumers in other processes | last |
/// | `MarkerBoard.register` | the markers, and the space reserved for them | last |
/// | `TailWaiters.state` | readers at the end of the log | last |
/// | `OutsideReaders.turn` | wake-ups of readers in other processes | last |
/// | `SharedThreads.state` | the duties of the logs on a file system | last |
///
/// The monitors of the duties are held by the thread that has the duty's turn, before all others.
///
/// The leader is the thread that has set `SyncState.isLeading`. It owns the scanner, the unsynced segments and the
/// markers before the scan, and stores the durable position and sequence number. It may lock `SegmentCatalog.state`.
/// `AppendSlot.word` defines which producer owns which bytes. After the last commit of a segment, its slot may be
/// reused.
final class Engine: Sendable {
    let logID: LogID
    let metrics: LogMetrics?
    let lock: DirectoryLock
    let catalog: SegmentCatalog
    var directory: Directory { catalog.directory }
    var configuration: WriteAheadLog.Configuration { catalog.configuration }
    var logger: Logger? { catalog.logger }
    let appender: Appender
    let commit: GroupCommit
    let source: EngineSource
    let sinks = SinkRegistry()
    let storage: StorageInfo
    let recovery: LogStatus.Recovery
    let unused: ReclaimableSpace
    /// The time of the opening, and the log's end at that time.
    let start: (time: Timestamp, position: LogPosition)
    let clockWatch = Monitor(ClockWatch())

    init(
        _ recovered: RecoveredLog, _ recovery: LogStatus.Recovery, configuration: WriteAheadLog.Configuration,
        lock: DirectoryLock, logger: Logger?, metrics: LogMetrics?
    ) throws(WALError) {
        logID = recovered.logID
        self.metrics = metrics
        self.lock = lock
        self.recovery = recovery
        unused = recovered.unused
        storage = StorageInfo(of: recovered.directory)

        let prepared = try Self.firstSegment(recovered, configuration)
        let frameLimit = Segment.frameLimit(capacity: configuration.segmentSize)
        let slots = unsafe AppendSlots(frameLimit: frameLimit, base: prepared.mapping.base)
        var state = CatalogState(
            entries: recovered.entries,
            pipeline: SegmentPipeline(
                nextNumber: recovered.nextNumber + 1, capacity: configuration.segmentSize,
                first: configuration.firstSegmentSize),
            epoch: recovered.epoch, freeSlots: slots.all)
        let slot = state.freeSlots.removeLast()
        let live = state.activate(prepared, header: recovered.header(of: prepared), in: slot)
        let durable = LogPosition(sequence: recovered.nextSequence - 1, position: recovered.nextPosition)
        start = (.now, durable)

        catalog = SegmentCatalog(
            state, markers: MarkerBoard(recovered.markers), directory: recovered.directory,
            configuration: configuration, logger: logger)
        appender = Appender(
            catalog, slots: slots, current: slot, durable: durable, isReplica: recovered.source != nil,
            outside: OutsideReaders(Self.waitersFile(recovered, logger)))
        commit = GroupCommit(appender, live: live, durable: durable, markers: recovered.markers, metrics: metrics)
        source = EngineSource(appender, commit)

        if let body = recovered.recoveryBody { try appender.appendControl(.recovery, body: body) }
        commit.appendSnapshotIfDue()
        // The decisions of the recovery are durable before anything is served.
        try commit.lead { commit throws(WALError) in try commit.advance(syncs: true) }
        do throws(WALError) {
            try startDuties()
        } catch {
            try? close()
            throw error
        }
    }

    /// Makes the first segment, a smaller one if the disk is almost full. On a full disk, frees the space that recovery
    /// left over, then tries the smallest segment. That one only has to hold the cursor updates that let retention
    /// remove old segments.
    private static func firstSegment(
        _ recovered: RecoveredLog, _ configuration: WriteAheadLog.Configuration
    ) throws(WALError) -> PreparedSegment {
        func make(_ capacity: Int) throws(WALError) -> PreparedSegment {
            try PreparedSegment.make(
                in: recovered.directory, number: recovered.nextNumber, logID: recovered.logID, capacity: capacity,
                policy: configuration.syncPolicy)
        }
        func makeUnlessFull() throws(WALError) -> PreparedSegment? {
            let capacity = SegmentPipeline.capacity(
                min(configuration.segmentSize, configuration.firstSegmentSize),
                least: WriteAheadLog.Configuration.segmentSizeMin, free: recovered.directory.space?.free)
            do throws(WALError) { return try make(capacity) } catch {
                guard error.code == .diskFull else { throw error }
                return nil
            }
        }
        if let segment = try makeUnlessFull() { return segment }
        // If the space can't be freed, making the segment fails as well.
        try? recovered.unused.release()
        if let segment = try makeUnlessFull() { return segment }
        return try make(WriteAheadLog.Configuration.segmentSizeMin)
    }

    /// Opens the file by which readers in other processes are woken. Without it, they poll.
    private static func waitersFile(_ recovered: RecoveredLog, _ logger: Logger?) -> WaitersFile? {
        do throws(WALError) {
            return try WaitersFile.forWriter(in: recovered.directory, of: recovered.logID)
        } catch {
            logger?.warning("readers in other processes have to poll", metadata: LogMetadata.of(error))
            return nil
        }
    }

    private func startDuties() throws(WALError) {
        let sync = Monitor(SyncDuty(commit))
        try appender.syncRequests.duty.start { sync.withLock { $0.turn() } }
        let maintenance = Monitor(MaintenanceDuty(self))
        try catalog.maintenance.start { maintenance.withLock { $0.turn() } }
        if configuration.sealedCompression == .lz4 {
            try catalog.compression.start { self.compressNext() }
        }
    }
}

extension RecoveredLog {
    /// The header of the first segment after the opening.
    fileprivate func header(of prepared: PreparedSegment) -> SegmentHeader {
        var header = prepared.header
        header.baseSequence = nextSequence
        header.basePosition = nextPosition
        header.epoch = epoch
        header.predecessor = predecessor
        header.source = source
        return header
    }
}
