internal import Logging
internal import Synchronization

/// The writer's side of a log: claims, rolls, seals, syncs, removes.
///
/// Three kinds of threads meet here. Producers claim, copy and commit, and touch nothing but a slot, the mapping and three
/// atomics. The sync leader (whoever waits for durability, or the sync thread) walks behind them, seals and syncs. The
/// maintenance thread prepares segments and removes old ones.
///
/// `@unchecked` for `slots`: pointers whose memory lives as long as the engine, used under the rules in `Slot`; and for
/// `walker`, which belongs to the sync leader: see `SyncState.isLeading`.
@safe
final class Engine: @unchecked Sendable {
    let directory: Directory
    let configuration: WriteAheadLog.Configuration
    let logID: LogID
    let logger: Logger?
    let metrics: LogMetrics?
    let lock: DirectoryLock

    static let slotCount = 8
    private let slots: UnsafeMutablePointer<Slot>
    /// What producers claim from; nil where the active segment has ended. Set with `state` locked.
    let current = unsafe Atomic<UnsafeMutablePointer<Slot>?>(nil)
    let recordSizeMax: Int
    let isSyncedAlways: Bool
    /// How many records end a segment once the next is ready.
    let recordsTarget: Int

    /// How far the log is durable, for the stamps in frames and for those who ask.
    let durablePositionWord = Atomic<UInt64>(0)
    let durableSequenceWord = Atomic<UInt64>(0)
    /// What producers must look after when they have committed; 0 nearly always.
    let attention = Atomic<UInt64>(0)
    /// How many bytes behind the durable position a producer asks for a sync.
    let syncDistance: UInt64

    let state: Monitor<EngineState>
    /// Whoever removes segments holds it; locked before `state`. A byte, because an access to nothing would be one to what lies
    /// behind it, for ThreadSanitizer.
    let removing = Monitor<UInt8>(0)
    let clockWatch = Monitor(ClockWatch())
    let syncState: Monitor<SyncState>
    let sleepers = PassSleepers()
    /// Of the tasks that wait for durability.
    let lastTaskID = Atomic<UInt64>(0)
    let syncThread = Monitor(SyncThreadState())
    let named: Monitor<NamedRegister>
    /// Set, and not in the log yet, because there was no segment. Locked before `named` and `state`, and never by whoever holds
    /// those.
    let pendingNamed = Monitor<[NamedPosition]>([])
    let tail = Monitor(TailState())
    var walker: CommitWalker
    /// Sealed and not synced, the oldest first; the sync leader's, like `walker`.
    var unsynced: [LiveSegment] = []
    /// The cursors at the end of the segment before the walker's; the sync leader's.
    var namedBeforeWalker: NamedPositions
    /// Whether the walker's segment still lacks a snapshot of them; the sync leader's.
    var isSnapshotDue = false

    enum Attention {
        static let idleSyncThread: UInt64 = 1
        static let tailReaders: UInt64 = 2
    }

    /// The segment that an opening makes is small, so that it doesn't wait for the zeroing of a large one.
    static let firstCapacityMax = 1 << 20

    init(
        _ recovered: RecoveredLog, configuration: WriteAheadLog.Configuration, lock: DirectoryLock, logger: Logger?,
        metrics: LogMetrics?
    ) throws(WALError) {
        directory = recovered.directory
        self.configuration = configuration
        logID = recovered.logID
        self.logger = logger
        self.metrics = metrics
        self.lock = lock
        syncDistance = if case .bytes(let count) = configuration.syncPolicy { UInt64(max(1, count)) } else { .max }

        isSyncedAlways = configuration.syncPolicy == .always
        recordsTarget = configuration.segmentRecordsTarget
        let frameLimit = Segment.frameLimit(capacity: configuration.segmentSize)
        recordSizeMax = frameLimit - SegmentHeader.size - Frame.headerSize
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: Self.slotCount)
        unsafe self.slots = unsafe slots

        let prepared = try Self.firstSegment(recovered, configuration)
        for index in 0..<Self.slotCount {
            unsafe (slots + index).initialize(
                to: Slot(frameLimit: frameLimit, base: prepared.mapping.base))
        }
        var initial = EngineState(
            nextNumber: recovered.nextNumber + 1, epoch: recovered.epoch, capacity: configuration.segmentSize)
        initial.entries = recovered.entries
        unsafe initial.freeSlots = (0..<Self.slotCount).map { unsafe slots + $0 }
        var header = SegmentHeader(
            logID: recovered.logID, segmentNumber: prepared.number, incarnation: prepared.incarnation,
            capacity: UInt64(prepared.mapping.size), state: .active)
        header.baseSequence = recovered.nextSequence
        header.basePosition = recovered.nextPosition
        header.epoch = recovered.epoch
        header.predecessor = recovered.predecessor
        let live = unsafe initial.activate(prepared, header: header, in: initial.freeSlots.removeLast())
        unsafe current.store(initial.entries.last?.slot, ordering: .relaxed)
        durablePositionWord.store(recovered.nextPosition, ordering: .relaxed)
        durableSequenceWord.store(recovered.nextSequence - 1, ordering: .relaxed)
        walker = CommitWalker(live)
        namedBeforeWalker = recovered.named
        named = Monitor(NamedRegister(recovered.named))
        syncState = Monitor(
            SyncState(durable: DurableMark(sequence: recovered.nextSequence - 1, position: recovered.nextPosition)))
        state = Monitor(initial)

        if let body = recovered.recoveryBody { _ = try appendControl(.recovery, body: body) }
        isSnapshotDue = !recovered.named.isEmpty
        appendSnapshotIfDue()
        // What was decided is durable before anything is served.
        try lead { engine throws(WALError) in try engine.advance(syncs: true) }
        do throws(WALError) {
            try startThread("wal-sync") { engine in engine.runSyncThread() }
            try startThread("wal-maintenance") { [unused = recovered.unused] engine in
                engine.release(unused)
                engine.runMaintenanceThread()
            }
            if configuration.sealedCompression == .lz4 {
                try startThread("wal-compression") { engine in engine.runCompressionThread() }
            }
        } catch {
            try? close()
            throw error
        }
    }

    /// On a full disk what has no use goes first, and a smaller one may do: it takes the cursors that let old segments go.
    private static func firstSegment(
        _ recovered: RecoveredLog, _ configuration: WriteAheadLog.Configuration
    ) throws(WALError) -> PreparedSegment {
        func make(_ capacity: Int) throws(WALError) -> PreparedSegment {
            try PreparedSegment.make(
                in: recovered.directory, number: recovered.nextNumber, logID: recovered.logID, capacity: capacity,
                policy: configuration.syncPolicy)
        }
        func makeUnlessFull(_ capacity: Int) throws(WALError) -> PreparedSegment? {
            do throws(WALError) { return try make(capacity) } catch {
                guard error.code == .diskFull else { throw error }
                return nil
            }
        }
        let capacity = min(configuration.segmentSize, firstCapacityMax)
        if let segment = try makeUnlessFull(capacity) { return segment }
        // Where it can't be given back, making the segment fails as well.
        try? recovered.unused.release()
        if let segment = try makeUnlessFull(capacity) { return segment }
        return try make(WriteAheadLog.Configuration.segmentSizeMin)
    }

    private func startThread(_ name: String, _ body: @escaping @Sendable (Engine) -> Void) throws(WALError) {
        state.withLock { state in state.threadCount += 1 }
        do throws(WALError) {
            try NamedThread.start(name) {
                body(self)
                self.state.withLock { state in state.threadCount -= 1 }
                self.state.signal()
            }
        } catch {
            state.withLock { state in state.threadCount -= 1 }
            throw error
        }
    }

    deinit {
        for index in 0..<Self.slotCount { unsafe (slots + index).deinitialize(count: 1) }
        unsafe slots.deallocate()
    }
}
