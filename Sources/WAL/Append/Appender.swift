internal import CWALShims
internal import Synchronization

/// The producers' side of a log: claims a place in the active segment, writes the frame, and commits it.
///
/// A producer uses a slot, the mapping and the atomics below, and no lock, unless its segment has ended.
///
/// `@unchecked Sendable` for ``current``, an atomic pointer to memory of ``slots``, which live as long as this object.
@safe
final class Appender: @unchecked Sendable {
    /// The bits of ``wakeupRequests``.
    enum Wakeup {
        static let idleSyncDuty: UInt64 = 1
        static let tailReaders: UInt64 = 2
    }

    private enum Attempt {
        /// The first sequence number claimed. For a frame without records, the next record's number.
        case appended(UInt64)
        /// The active segment has ended. The end is nil unless this attempt has crossed it.
        case ended(SegmentEnd?)
    }

    let catalog: SegmentCatalog
    let syncRequests: SyncRequests
    let tail = TailWaiters()
    let outside: OutsideReaders
    private let slots: AppendSlots
    /// The slot that producers claim from; nil while the active segment has ended. Stored under the lock of the catalog's state.
    private let current: Atomic<UnsafeMutablePointer<AppendSlot>?>
    let recordSizeMax: Int
    /// The number of records that ends a segment once the next one is ready.
    private let recordsTarget: Int
    /// The number of bytes after the durable position at which a producer requests a sync.
    private let syncThreshold: UInt64

    /// The durable position and sequence number, stored by the sync leader. Producers stamp frames with the position.
    let durablePosition: Atomic<UInt64>
    let durableSequence: Atomic<UInt64>
    /// The threads and tasks that a producer wakes after its commit; usually 0.
    private let wakeupRequests = Atomic<UInt64>(0)
    /// Held from the claim to the commit of each frame of a replica; nil in other logs. Lock order: before those of the wake-ups.
    ///
    /// If the process dies between the two, zeros stay in the place of the frame. With a frame after them, they would be a void frame,
    /// whose sequence numbers the records of the source could no longer get.
    let frameOrder: Monitor<UInt8>?
    let counters = AppendCounters()

    /// Makes the producers' side. `current` is the slot of the catalog's active segment, and `durable` the position at
    /// which that segment begins.
    init(
        _ catalog: SegmentCatalog, slots: AppendSlots, current: SlotReference, durable: LogPosition, isReplica: Bool,
        outside: OutsideReaders
    ) {
        self.outside = outside
        let configuration = catalog.configuration
        frameOrder = isReplica ? Monitor(0) : nil
        self.catalog = catalog
        syncRequests = SyncRequests(catalog.threads)
        self.slots = slots
        unsafe self.current = unsafe Atomic(current.pointer)
        recordSizeMax =
            Segment.frameLimit(capacity: configuration.segmentSize) - SegmentHeader.size - Frame.headerSize
        // Rolling appends frames, which takes `frameOrder`. A replica would roll while it holds that lock.
        recordsTarget = isReplica ? .max : configuration.targetSegmentRecords
        syncThreshold = if case .bytes(let count) = configuration.syncPolicy { UInt64(max(1, count)) } else { .max }
        durablePosition = Atomic(durable.position)
        durableSequence = Atomic(durable.sequence)
    }

    // MARK: The current slot

    @inline(__always)
    private var currentSlot: SlotReference? {
        unsafe current.load(ordering: .acquiring).map { unsafe SlotReference($0) }
    }

    /// Stores the slot that producers claim from. The caller holds the lock of the catalog's state.
    func setCurrent(_ slot: SlotReference?) {
        unsafe current.store(slot?.pointer, ordering: .releasing)
    }

    /// Closes the active segment to claims. Returns its end, which the caller must register; nil if it has ended already.
    func closeCurrent() -> SegmentEnd? { currentSlot?.close() }

    // MARK: Appending

    /// Appends a frame. `fill` writes its body and returns its checksum. Blocks while no segment is ready. Returns the first sequence
    /// number claimed.
    @inline(__always)
    func append(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (ClaimedFrame) -> UInt32
    ) throws(WALError) -> UInt64 {
        try requireFit(bodySize: bodySize, records: records)
        switch tryAppend(kind, bodySize: bodySize, records: records, fill: fill) {
        case .appended(let sequence): return sequence
        case .ended(let end):
            return try appendAfter(end, kind, bodySize: bodySize, records: records, fill: fill)
        }
    }

    // Not inlined, so that appends don't reserve stack space for the wait.
    @inline(never)
    private func appendAfter(
        _ end: SegmentEnd?, _ kind: Frame.Kind, bodySize: Int, records: Int,
        fill: (ClaimedFrame) -> UInt32
    ) throws(WALError) -> UInt64 {
        var end = end
        while true {
            try openNextSegment(after: end, for: Frame.size(bodySize: bodySize))
            switch tryAppend(kind, bodySize: bodySize, records: records, fill: fill) {
            case .appended(let sequence): return sequence
            case .ended(let next): end = next
            }
        }
    }

    /// Appends a frame as ``append(_:bodySize:records:fill:)`` does, and suspends while no segment is ready.
    ///
    /// Not inlined: callers try ``appendIfReady(_:bodySize:records:fill:)`` first, which costs no asynchronous call.
    @inline(never)
    func appendSuspending(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (ClaimedFrame) -> UInt32
    ) async throws(WALError) -> UInt64 {
        try requireFit(bodySize: bodySize, records: records)
        while true {
            switch tryAppend(kind, bodySize: bodySize, records: records, fill: fill) {
            case .appended(let sequence): return sequence
            case .ended(let end): try await suspendForNextSegment(after: end, for: Frame.size(bodySize: bodySize))
            }
        }
    }

    /// Appends a frame as ``append(_:bodySize:records:fill:)`` does, or returns nil while no segment is ready.
    @inline(__always)
    func appendIfReady(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (ClaimedFrame) -> UInt32
    ) throws(WALError) -> UInt64? {
        try requireFit(bodySize: bodySize, records: records)
        switch tryAppend(kind, bodySize: bodySize, records: records, fill: fill) {
        case .appended(let sequence): return sequence
        case .ended(let end):
            return try appendIfReady(after: end, kind, bodySize: bodySize, records: records, fill: fill)
        }
    }

    @inline(never)
    private func appendIfReady(
        after end: SegmentEnd?, _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (ClaimedFrame) -> UInt32
    ) throws(WALError) -> UInt64? {
        var end = end
        while true {
            guard try openPreparedSegment(after: end, for: Frame.size(bodySize: bodySize)) else { return nil }
            switch tryAppend(kind, bodySize: bodySize, records: records, fill: fill) {
            case .appended(let sequence): return sequence
            case .ended(let next): end = next
            }
        }
    }

    /// Throws unless a frame fits into a segment.
    ///
    /// A claim of a negative size takes no place of its own, and its frame overwrites the next one. Compared as
    /// unsigned integers, such sizes are too large.
    @inline(__always)
    func requireFit(bodySize: Int, records: Int) throws(WALError) {
        guard UInt(bitPattern: bodySize) <= UInt(bitPattern: recordSizeMax), records <= SegmentHeader.recordCountMax
        else { throw refusal(bodySize: bodySize, records: records) }
    }

    private func refusal(bodySize: Int, records: Int) -> WALError {
        guard bodySize >= 0 else {
            let error = WALError(
                .invalidArgument,
                "A record can't have \(bodySize) bytes. Pass the number of bytes that the closure writes.")
            counters.count(error)
            return error
        }
        let what =
            bodySize > recordSizeMax
            ? "A record or batch of \(bodySize) bytes doesn't fit into a segment (at most \(recordSizeMax) bytes)"
            : "A batch of \(records) records doesn't fit into a segment (at most \(SegmentHeader.recordCountMax) records)"
        let error = WALError(.recordTooLarge, "\(what). Make it smaller, or make segments larger.")
        counters.count(error)
        return error
    }

    /// Claims a place, lets `fill` write the body there, and commits.
    @inline(__always)
    private func tryAppend(
        _ kind: Frame.Kind, bodySize: Int, records: Int, fill: (ClaimedFrame) -> UInt32
    ) -> Attempt {
        // Read the clock before the claim: the shorter the time between claim and commit, the less other threads wait.
        let time = cwal_coarse_realtime_microseconds()
        return tryAppend(kind, time: time, bodySize: bodySize, records: records, fill: fill)
    }

    @inline(__always)
    private func tryAppend(
        _ kind: Frame.Kind, time: Int64, bodySize: Int, records: Int, fill: (ClaimedFrame) -> UInt32
    ) -> Attempt {
        guard let slot = currentSlot else { return .ended(nil) }
        let size = Frame.size(bodySize: bodySize)
        let isAdded = records == 1 && size <= ClaimWord.additionSizeMax
        switch isAdded ? slot.claimByAddition(size: size) : slot.claimByExchange(size: size, records: records) {
        case .claimed(let offset, let recordIndex):
            return .appended(
                commit(
                    kind, time: time, slot: slot, offset: offset, recordIndex: recordIndex, records: records,
                    bodySize: bodySize, fill: fill))
        case .crossed(let end): return .ended(end)
        case .closed: return .ended(nil)
        }
    }

    @inline(__always)
    private func commit(
        _ kind: Frame.Kind, time: Int64, slot: SlotReference, offset: Int, recordIndex: Int, records: Int,
        bodySize: Int, fill: (ClaimedFrame) -> UInt32
    ) -> UInt64 {
        let position = slot.basePosition + UInt64(offset)
        let durable = durablePosition.load(ordering: .relaxed)
        let frame = unsafe slot.base + offset
        let claimed = unsafe ClaimedFrame(
            at: frame, offset: offset, seed: slot.seed, kind: kind,
            recordIndex: UInt32(truncatingIfNeeded: recordIndex),
            durableDistance: Frame.durableDistance(from: position, to: durable), time: time, bodySize: bodySize)
        let checksum = fill(claimed)
        let sequence = slot.baseSequence + UInt64(recordIndex)
        let length = Frame.headerSize + bodySize
        unsafe CommitWord.store(Frame.commitWord(length: length, checksum: checksum), to: frame)
        // Don't touch the slot after the commit: after the last commit of its segment, another segment may use it.
        if wakeupRequests.load(ordering: .sequentiallyConsistent) != 0 { serveWakeups() }
        outside.committed()
        if position &- durable >= syncThreshold { syncRequests.requestSync() }
        if recordIndex < recordsTarget, recordsTarget <= recordIndex + records { rollAfter(sequence) }
        return sequence
    }

    /// Appends a batch of a replica with the time of its latest record. Blocks while no segment is ready. Returns the first sequence number.
    func appendReplicated(_ body: [UInt8], records: Int, time: Int64) throws(WALError) -> UInt64 {
        try requireFit(bodySize: body.count, records: records)
        while true {
            let attempt = inFrameOrder {
                tryAppend(.batch, time: time, bodySize: body.count, records: records) { $0.copy(body) }
            }
            switch attempt {
            case .appended(let sequence): return sequence
            case .ended(let end): try openNextSegment(after: end, for: Frame.size(bodySize: body.count))
            }
        }
    }

    private func inFrameOrder<Result>(_ body: () -> Result) -> Result {
        frameOrder?.withLock { _ in body() } ?? body()
    }

    // MARK: Control frames

    /// Appends a frame without records. Blocks while no segment is ready.
    func appendControl(_ kind: Frame.Kind, body: [UInt8]) throws(WALError) {
        _ = try append(kind, bodySize: body.count, records: 0) { $0.copy(body) }
    }

    /// Appends a frame without records. Returns false if the active segment has ended.
    func appendControlIfReady(_ kind: Frame.Kind, body: [UInt8]) -> Bool {
        guard let slot = currentSlot else { return false }
        return appendControlIfReady(kind, body: body, in: slot)
    }

    /// Appends a frame without records to a segment that the caller keeps from being sealed. Returns false if the segment has ended.
    func appendControlIfReady(_ kind: Frame.Kind, body: [UInt8], in slot: SlotReference) -> Bool {
        let outcome = inFrameOrder {
            let outcome = slot.claimByExchange(size: Frame.size(bodySize: body.count), records: 0)
            if case .claimed(let offset, let recordIndex) = outcome {
                _ = commit(
                    kind, time: cwal_coarse_realtime_microseconds(), slot: slot, offset: offset,
                    recordIndex: recordIndex, records: 0, bodySize: body.count
                ) { $0.copy(body) }
            }
            return outcome
        }
        switch outcome {
        case .claimed: return true
        case .crossed(let end):
            registerEnd(end)
            return false
        case .closed: return false
        }
    }

    // MARK: Wake-ups

    /// Asks producers to call ``SyncRequests/nudge()`` after the next commit.
    func requestNudge() {
        wakeupRequests.bitwiseOr(Wakeup.idleSyncDuty, ordering: .sequentiallyConsistent)
    }

    /// Suspends until `isDue` may have become true by an append or the end of a failure, the log is closed, or the task is canceled.
    func waitAtTail(until isDue: @Sendable () -> Bool) async {
        await tail.wait {
            // Set the bit before checking the claims: see `SlotReference.claimByAddition(size:)`.
            wakeupRequests.bitwiseOr(Wakeup.tailReaders, ordering: .sequentiallyConsistent)
            return isDue()
        }
    }

    /// Wakes the threads and tasks that have asked for it. Rare, so not inlined.
    @inline(never)
    private func serveWakeups() {
        let due = wakeupRequests.exchange(0, ordering: .sequentiallyConsistent)
        if due & Wakeup.idleSyncDuty != 0 { syncRequests.nudge() }
        if due & Wakeup.tailReaders != 0 { tail.wakeAll() }
    }
}
