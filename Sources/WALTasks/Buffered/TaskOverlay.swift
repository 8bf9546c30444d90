internal import WAL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the log holds and the store may not have yet, for reading one's own writes.
///
/// Mutations of one task are in one stripe, encoded as in the log; changes without a task id ("barriers") are kept beside the
/// stripes and are ordered against every task.
final class TaskOverlay: @unchecked Sendable {
    /// At least eight for each processor, so that threads rarely meet, and not many more: each stripe takes up room in the
    /// processors' caches. A power of two.
    private static var stripeCount: Int {
        let wanted = min(max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))), 64) * 8
        return 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
    }

    private static let barriersMax = 1024

    let log: WriteAheadLog
    let indexer: OverlayIndexer
    let hasher = TaskIDHasher()
    /// How long a query waits for the index, before it searches the log itself.
    private let patience: Duration
    let listLimits: OverlayListLimits
    private let stripes: [OverlayStripe]
    private let budget: OverlayBudget
    // `access` protects the barriers; who adds one holds the locks of all stripes besides.
    private let access = TaskLock()
    private var barriers: [LoggedMutation] = []
    /// Those up to here are in the log alone.
    private var barrierFloor: SequenceNumber
    /// How far the flusher has told that the store is.
    private let flushed: @Sendable () -> SequenceNumber
    private let mark: BarrierMark
    /// What lies before it isn't wanted.
    private let start: SequenceNumber

    /// - Parameters:
    ///   - log: The log that mutations are appended to. What it holds behind `start` by now is found there.
    ///   - start: What the log holds up to here is in the store, or isn't wanted.
    ///   - mark: The sink's, of barriers.
    ///   - memoryMax: How many bytes of memory mutations may take. Beyond it the oldest are found in the log.
    ///   - patience: How long a query waits for the index of what is in the log alone, before it searches the log itself.
    ///   - listLimits: By default, a quarter of `memoryMax` within 1 to 64 MiB.
    ///   - failed: Called when the log can't be read for the index.
    ///   - flushed: How far the flusher has told that the store is.
    init(
        log: WriteAheadLog, after start: SequenceNumber, mark: BarrierMark, memoryMax: Int, patience: Duration,
        listLimits: OverlayListLimits? = nil,
        failed: @escaping @Sendable (WALError) -> Void, flushed: @escaping @Sendable () -> SequenceNumber
    ) throws(WALError) {
        let floor = log.lastSequence
        self.log = log
        self.start = start
        self.mark = mark
        self.flushed = flushed
        self.patience = patience
        self.listLimits = listLimits ?? OverlayListLimits(sizeMax: max(1 << 20, min(memoryMax / 4, 64 << 20)))
        let indexer = try OverlayIndexer(
            OverlayIndex(directory: log.directory, after: start.rawValue), of: log, hasher: hasher,
            failed: failed, applied: { max(start, flushed(), mark.applied) })
        self.indexer = indexer
        let budget = OverlayBudget(limit: memoryMax) { indexer.wake(for: $0.rawValue) }
        self.budget = budget
        stripes = (0..<Self.stripeCount).map { _ in OverlayStripe(budget: budget, floor: floor) }
        barrierFloor = floor
    }

    /// Ends its thread. Blocking.
    func close() {
        indexer.stop()
    }

    /// Everything up to here can be read from the store.
    func applied() -> SequenceNumber {
        max(start, flushed(), mark.applied)
    }

    /// How many bytes of memory the mutations take.
    var memorySize: Int { budget.usedSize }

    /// Whether the store may have applied a barrier of this snapshot by now.
    func mayHaveApplied(barriersOf snapshot: OverlaySnapshot) -> Bool {
        guard let first = snapshot.barriers.first?.sequence else { return false }
        return max(flushed(), mark.begun) >= first
    }

    // MARK: Writing

    /// Has `encode` write a mutation of `size` bytes and `append` put them into the log, and keeps them under the sequence number
    /// that it returns. `append` must not block; it returns nil where it would have to, and then nothing is kept.
    @inline(__always)
    func add<Failure: Error>(
        _ kind: OverlayKind, of taskID: String, size: Int, encode: (inout OutputRawSpan) -> Void,
        append: (RawSpan) throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        let hash = hasher.hash(taskID)
        let stripe = stripes[index(of: hash)]
        let applied = applied()
        stripe.lock.lock()
        defer { stripe.lock.unlock() }
        return try stripe.add(kind, size: size, hash: hash, applied: applied, encode: encode, append: append)
    }

    /// The same for any mutation.
    func add<Failure: Error>(
        _ mutation: TaskMutation, append: (RawSpan) throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        guard let taskID = mutation.taskID else { return try addBarrier(mutation, append: append) }
        return try add(
            OverlayKind(mutation), of: taskID, size: TaskCodec.size(of: mutation),
            encode: { TaskCodec.encode(mutation, into: &$0) }, append: append)
    }

    /// The same for mutations that become one batch of the log, in which they lie encoded; `append` returns the last one's number.
    func add<Failure: Error>(
        _ items: [OverlayItem], encodedIn batch: RecordBatch, append: () throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        let hashes = items.map { $0.taskID.map(hasher.hash) }
        // A barrier is ordered against every task.
        let locked =
            hashes.contains(nil) ? Array(stripes.indices) : Set(hashes.compactMap { $0.map(index) }).sorted()
        for index in locked { stripes[index].lock.lock() }
        defer { for index in locked { stripes[index].lock.unlock() } }
        guard let last = try append() else { return nil }
        var sequence = SequenceNumber(rawValue: last.rawValue - UInt64(items.count))
        var start = 0
        for ((item, hash), size) in zip(zip(items, hashes), batch.sizes) {
            let end = start + Int(size)
            sequence = sequence.next
            switch item {
            case .task(let id, let kind):
                let hash = hash ?? hasher.hash(id)
                unsafe stripes[index(of: hash)].insert(
                    batch.payloads.span.bytes.extracting(start..<end), kind, hash: hash, at: sequence)
            case .barrier(let mutation):
                keep(LoggedMutation(sequence: sequence, mutation: mutation, size: Int(size)))
            }
            start = end
        }
        return last
    }

    private func addBarrier<Failure: Error>(
        _ mutation: TaskMutation, append: (RawSpan) throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        let encoded = TaskCodec.encode(mutation)
        for stripe in stripes { stripe.lock.lock() }
        defer { for stripe in stripes { stripe.lock.unlock() } }
        guard let sequence = try unsafe append(encoded.span.bytes) else { return nil }
        keep(LoggedMutation(sequence: sequence, mutation: mutation, size: encoded.count))
        return sequence
    }

    /// For whoever holds the locks of all stripes.
    private func keep(_ barrier: LoggedMutation) {
        let floor: SequenceNumber? = access.withLock {
            barriers.append(barrier)
            guard barriers.count > Self.barriersMax else { return nil }
            barrierFloor = max(barrierFloor, barriers[Self.barriersMax / 2 - 1].sequence)
            barriers.removeFirst(Self.barriersMax / 2)
            return barrierFloor
        }
        if let floor { indexer.wake(for: floor.rawValue) }
    }

    private func index(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (stripes.count - 1)
    }

    /// Forgets everything that the store has. Adding does so bit by bit; this is for when nothing is added.
    func prune() {
        let applied = applied()
        for stripe in stripes { stripe.prune(through: applied) }
        _ = barriers(behind: applied)
        indexer.index.release(through: applied.rawValue)
    }

    // MARK: Reading

    /// What one task has. Take it before the store is read: then what isn't in it is in the store.
    ///
    /// - Throws: What reading the log throws, where the log alone has something of it.
    func snapshot(of taskID: String, _ part: OverlayPart) async throws(WALError) -> OverlaySnapshot {
        let applied = applied()
        let hash = hasher.hash(taskID)
        let stripe = stripes[index(of: hash)]
        // All under the lock: who adds a batch with barriers holds it until all of the batch is there.
        let (copy, floor, barriers, barrierFloor) = stripe.lock.withLock {
            let (barriers, barrierFloor) = self.barriers(behind: applied)
            return (stripe.copy(part, hash: hash, applied: applied), stripe.floor, barriers, barrierFloor)
        }
        var search = OverlayTaskSearch(
            taskID: taskID, hash: hash, part: part, lower: applied.rawValue, upper: floor.rawValue,
            barrierUpper: barrierFloor.rawValue, isCut: !barriers.isEmpty)
        if let delete = copy.leadingDelete { search.lower = delete.rawValue }
        let found = search.isNeeded ? try await run(search) : []
        var snapshot = OverlaySnapshot()
        for barrier in found where barrier.mutation.taskID == nil { snapshot.add(barrier) }
        for barrier in barriers { snapshot.add(barrier) }
        for own in found where own.mutation.taskID != nil { snapshot.add(own) }
        copy.forEach { logged in
            // Others may have the same hash.
            if logged.mutation.taskID.map(BinaryID.init) == BinaryID(taskID) { snapshot.add(logged) }
        }
        return snapshot
    }

    private func run(_ search: OverlayTaskSearch) async throws(WALError) -> [LoggedMutation] {
        await indexer.wait(for: search.end, atMost: patience)
        let (index, hasher, log) = (indexer.index, hasher, OverlaySearch(log: log))
        return try await Blocking.run { () throws(WALError) in try search.run(index, hasher, log) }
    }

    /// What the store may not have: where in the log. Take it before the store is read.
    var undelivered: ClosedRange<UInt64>? {
        let first = applied().rawValue + 1
        let last = log.lastSequence.rawValue
        return first <= last ? first...last : nil
    }

    /// Those behind what the store has, and up to where the log alone has them.
    private func barriers(behind applied: SequenceNumber) -> ([LoggedMutation], floor: SequenceNumber) {
        access.withLock {
            barriers.removeAll { $0.sequence <= applied }
            return (barriers, barrierFloor)
        }
    }
}
