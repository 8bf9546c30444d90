internal import WAL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The mutations that are in the log and may not be in the store yet, for reading one's own writes.
///
/// All mutations of one task are in one stripe, encoded as in the log. Changes without a task id ("barriers") are
/// kept outside of the stripes and are ordered against every task.
final class TaskOverlay: @unchecked Sendable {
    /// The number of stripes, a power of two. At least eight for each processor, so that threads rarely contend. Not
    /// many more, because each stripe takes up space in the processors' caches.
    private static var stripeCount: Int {
        let wanted = min(max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))), 64) * 8
        return 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
    }

    private static let barriersMax = 1024

    let log: WriteAheadLog
    let indexer: OverlayIndexer
    let hasher = TaskIDHasher()
    /// The longest time that a query waits for the index before it searches the log itself.
    private let patience: Duration
    let listLimits: OverlayListLimits
    private let stripes: [OverlayStripe]
    private let budget: OverlayBudget
    // `access` protects the barriers. Adding a barrier also needs the locks of all stripes.
    private let access = TaskLock()
    private var barriers: [LoggedMutation] = []
    /// Barriers up to this one that aren't in `barriers` are in the store, or in the log alone.
    private var barrierFloor: SequenceNumber
    /// The last sequence number that the flusher reported as applied. It goes back if the store loses what it had
    /// confirmed. Nil until the store was asked.
    private let flushed: @Sendable () -> SequenceNumber?
    private let progress: TaskSinkProgress
    /// The position of the store as known before it was asked.
    private let start: SequenceNumber
    /// The position up to which mutations aren't wanted, even if the store lacks them.
    private let unwanted: SequenceNumber

    /// Makes an overlay of the log's mutations after `start`.
    ///
    /// - Parameters:
    ///   - log: The log to which mutations are appended. Mutations after `start` that it holds already are found
    ///     there.
    ///   - start: The position up to which mutations are in the store, as known before it was asked.
    ///   - unwanted: The position up to which mutations aren't wanted, even if the store lacks them.
    ///   - progress: The sink's progress.
    ///   - memoryMax: The number of bytes of memory that mutations may take. Over it, the oldest are found in the
    ///     log.
    ///   - patience: The longest time that a query waits for the index of the mutations in the log alone, before it
    ///     searches the log itself.
    ///   - listLimits: The limits of lists. By default a quarter of `memoryMax`, within 1 to 64 MiB.
    ///   - failed: Called when the log can't be read for the index.
    ///   - flushed: Returns the last sequence number that the flusher reported as applied, or nil until the store was
    ///     asked.
    init(
        log: WriteAheadLog, after start: SequenceNumber, unwanted: SequenceNumber = .zero, progress: TaskSinkProgress,
        memoryMax: Int, patience: Duration, listLimits: OverlayListLimits? = nil,
        failed: @escaping @Sendable (WALError) -> Void, flushed: @escaping @Sendable () -> SequenceNumber?
    ) throws(WALError) {
        let floor = log.lastSequence
        self.log = log
        self.start = start
        self.unwanted = unwanted
        self.progress = progress
        self.flushed = flushed
        self.patience = patience
        self.listLimits = listLimits ?? OverlayListLimits(sizeMax: max(1 << 20, min(memoryMax / 4, 64 << 20)))
        let indexer = try OverlayIndexer(
            OverlayIndex(directory: log.directory, after: start.rawValue), of: log, hasher: hasher,
            failed: failed, applied: { max(flushed() ?? start, progress.applied, unwanted) })
        self.indexer = indexer
        let budget = OverlayBudget(limit: memoryMax) { indexer.wake(for: $0.rawValue) }
        self.budget = budget
        stripes = (0..<Self.stripeCount).map { _ in OverlayStripe(budget: budget, floor: floor) }
        barrierFloor = floor
    }

    /// Stops the overlay's thread. Blocks.
    func close() {
        indexer.stop()
    }

    /// Returns the position up to which all changes can be read from the store. It goes back if the store loses what it
    /// had confirmed.
    func applied() -> SequenceNumber {
        max(flushed() ?? start, progress.applied, unwanted)
    }

    /// Whether the store may lack mutations that aren't wanted. No query finds those.
    var lacksUnwanted: Bool { (flushed() ?? .zero) < unwanted }

    /// The number of bytes of memory that the mutations take.
    var memorySize: Int { budget.usedSize }

    /// Returns whether the store may have applied a change that makes the repetition of the snapshot's changes wrong:
    /// one of its barriers, or a later change of its task.
    func mayBeOutdated(_ snapshot: OverlaySnapshot) -> Bool {
        let flushed = flushed() ?? .zero
        if let barrier = snapshot.barriers.first?.sequence, max(flushed, progress.begun) >= barrier { return true }
        guard let end = snapshot.end, !snapshot.tasks.isEmpty else { return false }
        return max(flushed, progress.begunRecord) > end
    }

    /// Returns whether retention has removed records of a range. A list's rows may be older than the store's copies of these.
    func lacksRecords(of range: ClosedRange<UInt64>) -> Bool {
        log.firstSequence.rawValue > range.lowerBound
    }

    // MARK: Writing

    /// Encodes a mutation of `size` bytes, appends it to the log, and keeps it under the returned sequence number.
    /// `append` must not block. If it would have to, it returns nil, and the mutation isn't kept.
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

    /// Appends and keeps any mutation, under the rules of ``add(_:of:size:encode:append:)``.
    func add<Failure: Error>(
        _ mutation: TaskMutation, append: (RawSpan) throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        guard let taskID = mutation.taskID else { return try addBarrier(mutation, append: append) }
        return try add(
            OverlayKind(mutation), of: taskID, size: TaskCodec.size(of: mutation),
            encode: { TaskCodec.encode(mutation, into: &$0) }, append: append)
    }

    /// Appends and keeps the mutations of one batch of the log, in which they are encoded already. `append` returns
    /// the last one's sequence number.
    func add<Failure: Error>(
        _ items: [OverlayItem], encodedIn batch: RecordBatch, append: () throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        let hashes = items.map { $0.taskID.map(hasher.hash) }
        let locked = stripes(of: items, hashes)
        let applied = applied()
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
                    batch.payloads.span.bytes.extracting(start..<end), kind, hash: hash, applied: applied,
                    at: sequence)
            case .barrier(let mutation):
                keep(LoggedMutation(sequence: sequence, mutation: mutation, size: Int(size)))
            }
            start = end
        }
        return last
    }

    /// Appends and keeps the mutations of one task, which are the last records of a batch of the log. `append` returns
    /// the sequence number of the last one.
    ///
    /// For the steps of flows. Unlike ``add(_:encodedIn:append:)`` it needs one stripe, which it finds without arrays.
    func add<Failure: Error>(
        _ mutations: [TaskMutation], endOf batch: RecordBatch, append: () throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        guard let taskID = mutations.first?.taskID else { return try append() }
        let hash = hasher.hash(taskID)
        let stripe = stripes[index(of: hash)]
        let applied = applied()
        stripe.lock.lock()
        defer { stripe.lock.unlock() }
        guard let last = try append() else { return nil }
        let sizes = batch.sizes.suffix(mutations.count)
        var sequence = SequenceNumber(rawValue: last.rawValue - UInt64(mutations.count))
        var start = batch.payloads.count - sizes.reduce(0) { $0 + Int($1) }
        for (mutation, size) in zip(mutations, sizes) {
            sequence = sequence.next
            let end = start + Int(size)
            unsafe stripe.insert(
                batch.payloads.span.bytes.extracting(start..<end), OverlayKind(mutation), hash: hash, applied: applied,
                at: sequence)
            start = end
        }
        return last
    }

    /// Returns the stripes that a batch needs, in the order in which they are locked.
    private func stripes(of items: [OverlayItem], _ hashes: [UInt64?]) -> [Int] {
        // A barrier is ordered against every task.
        if items.contains(where: { $0.taskID == nil }) { return Array(stripes.indices) }
        var needed: [Int] = []
        for case let hash? in hashes where !needed.contains(index(of: hash)) { needed.append(index(of: hash)) }
        return needed.count > 1 ? needed.sorted() : needed
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

    /// Keeps a barrier. Requires the locks of all stripes.
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

    /// Removes all applied mutations. Adding does so step by step, so this is for idle times.
    func prune() {
        let applied = applied()
        for stripe in stripes { stripe.prune(through: applied) }
        _ = barriers(behind: applied)
        indexer.index.release(through: applied.rawValue)
    }

    // MARK: Reading

    /// Returns the changes of one task. Take it before reading the store: then all other changes of the task are in
    /// the store.
    ///
    /// - Throws: the codes of reading the log, if some changes are in the log alone.
    func snapshot(of taskID: String, _ part: OverlayPart) async throws(WALError) -> OverlaySnapshot {
        let end = log.lastSequence
        let hash = hasher.hash(taskID)
        let stripe = stripes[index(of: hash)]
        // Take everything under the lock, which a batch with barriers holds until all of the batch is added.
        let (copy, floor, barriers, barrierFloor, applied) = stripe.lock.withLock {
            // Ask under the lock, so that no other caller has removed later changes of the stripe. If another reader
            // removes later barriers, the search below finds them in the log.
            let applied = self.applied()
            let (barriers, barrierFloor) = self.barriers(behind: applied)
            let copy = stripe.copy(part, of: taskID, hash: hash, applied: applied)
            return (copy, stripe.floor, barriers, barrierFloor, applied)
        }
        var search = OverlayTaskSearch(
            taskID: taskID, hash: hash, part: part, lower: applied.rawValue, upper: floor.rawValue,
            barrierUpper: barrierFloor.rawValue, isCut: !barriers.isEmpty)
        if let delete = copy.leadingDelete { search.lower = delete.rawValue }
        let found = search.isNeeded ? try await run(search) : []
        var snapshot = OverlaySnapshot(end: end)
        for barrier in found where barrier.mutation.taskID == nil { snapshot.add(barrier) }
        for barrier in barriers { snapshot.add(barrier) }
        for own in found where own.mutation.taskID != nil { snapshot.add(own) }
        copy.forEach { logged in
            // Other ids may have the same hash.
            if logged.mutation.taskID.map(BinaryID.init) == BinaryID(taskID) { snapshot.add(logged) }
        }
        return snapshot
    }

    private func run(_ search: OverlayTaskSearch) async throws(WALError) -> [LoggedMutation] {
        await indexer.wait(for: search.end, atMost: patience)
        let (index, hasher, log) = (indexer.index, hasher, OverlaySearch(log: log))
        return try await Blocking.run { () throws(WALError) in try search.run(index, hasher, log) }
    }

    /// The range of the log that the store may not have. Take it before reading the store.
    var undelivered: ClosedRange<UInt64>? {
        let first = applied().rawValue + 1
        let last = log.lastSequence.rawValue
        return first <= last ? first...last : nil
    }

    /// Returns the barriers after `applied`, and the position up to which the others are in the store or in the log
    /// alone.
    private func barriers(behind applied: SequenceNumber) -> ([LoggedMutation], floor: SequenceNumber) {
        access.withLock {
            if let last = barriers.last(where: { $0.sequence <= applied }) {
                barrierFloor = max(barrierFloor, last.sequence)
                barriers.removeAll { $0.sequence <= applied }
            }
            return (barriers, barrierFloor)
        }
    }
}
