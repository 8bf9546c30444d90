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

    private let stripes: [OverlayStripe]
    // `access` protects `barriers`; who adds one holds the locks of all stripes besides.
    private let access = TaskLock()
    private var barriers: [LoggedMutation] = []
    /// How far the flusher has told that the store is.
    private let flushed: @Sendable () -> SequenceNumber
    private let mark: BarrierMark
    private let hasher = TaskIDHasher()

    init(mark: BarrierMark, flushed: @escaping @Sendable () -> SequenceNumber) {
        let count = Self.stripeCount
        stripes = (0..<count).map { _ in OverlayStripe() }
        self.mark = mark
        self.flushed = flushed
    }

    /// Everything up to here can be read from the store.
    private func applied() -> SequenceNumber {
        max(flushed(), mark.applied)
    }

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

    /// The same for saves that become one batch of the log, in which they lie encoded; `append` returns the last one's number.
    func add<Failure: Error>(
        savesOf ids: [String], encodedIn batch: RecordBatch, append: () throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        let hashes = ids.map(hasher.hash)
        let locked = Set(hashes.map(index)).sorted()
        for index in locked { stripes[index].lock.lock() }
        defer { for index in locked { stripes[index].lock.unlock() } }
        guard let last = try append() else { return nil }
        var sequence = SequenceNumber(rawValue: last.rawValue - UInt64(hashes.count))
        var start = 0
        for (hash, size) in zip(hashes, batch.sizes) {
            let end = start + Int(size)
            sequence = sequence.next
            unsafe stripes[index(of: hash)].insert(
                batch.payloads.span.bytes.extracting(start..<end), .change, hash: hash, at: sequence)
            start = end
        }
        return last
    }

    /// Keeps a mutation that was found in the log, with its encoding. Called in the order of the log, and before everything else.
    func restore(_ mutation: TaskMutation, _ encoded: RawSpan, at sequence: SequenceNumber) {
        guard let taskID = mutation.taskID else {
            return access.withLock { barriers.append(LoggedMutation(sequence: sequence, mutation: mutation)) }
        }
        let hash = hasher.hash(taskID)
        let stripe = stripes[index(of: hash)]
        stripe.lock.withLock { stripe.insert(encoded, OverlayKind(mutation), hash: hash, at: sequence) }
    }

    private func addBarrier<Failure: Error>(
        _ mutation: TaskMutation, append: (RawSpan) throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        let encoded = TaskCodec.encode(mutation)
        for stripe in stripes { stripe.lock.lock() }
        defer { for stripe in stripes { stripe.lock.unlock() } }
        guard let sequence = try unsafe append(encoded.span.bytes) else { return nil }
        access.withLock { barriers.append(LoggedMutation(sequence: sequence, mutation: mutation)) }
        return sequence
    }

    private func index(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (stripes.count - 1)
    }

    /// Forgets everything that the store has. Adding does so bit by bit; this is for when nothing is added.
    func prune() {
        let applied = applied()
        for stripe in stripes { stripe.prune(through: applied) }
        _ = barriers(behind: applied)
    }

    // MARK: Reading

    /// What one task has. Take it before the store is read: then what isn't in it is in the store.
    func snapshot(of taskID: String, _ part: OverlayPart) -> OverlaySnapshot {
        let applied = applied()
        let hash = hasher.hash(taskID)
        var snapshot = OverlaySnapshot()
        stripes[index(of: hash)].copy(part, hash: hash, applied: applied).forEach { logged in
            // Others may have the same hash.
            if logged.mutation.taskID.map(ExactID.init) == ExactID(taskID) { snapshot.add(logged) }
        }
        snapshot.barriers = barriers(behind: applied)
        return snapshot
    }

    /// What all tasks have. Take it before the store is read: then what isn't in it is in the store.
    func snapshot(_ part: OverlayPart) -> OverlaySnapshot {
        let applied = applied()
        var snapshot = OverlaySnapshot()
        for stripe in stripes {
            stripe.copy(part, applied: applied).forEach { snapshot.add($0) }
        }
        snapshot.barriers = barriers(behind: applied)
        return snapshot
    }

    /// Read after the stripes: a snapshot may hold a barrier without what came after it, but not the other way round.
    private func barriers(behind applied: SequenceNumber) -> [LoggedMutation] {
        access.withLock {
            barriers.removeAll { $0.sequence <= applied }
            return barriers
        }
    }
}
