internal import WAL

/// What the log holds and the store may not have yet, for reading one's own writes.
///
/// Mutations of one task are in one stripe; changes without a task id ("barriers") are kept beside the stripes and are
/// ordered against every task.
final class TaskOverlay: @unchecked Sendable {
    /// Enough that two of some dozen threads rarely meet.
    private static let stripeCount = 64

    private let stripes: [OverlayStripe]
    // `access` protects `barriers`; who adds one holds the order of every stripe besides.
    private let access = TaskLock()
    private var barriers: [LoggedMutation] = []
    /// How far the flusher has told that the store is.
    private let flushed: @Sendable () -> SequenceNumber
    private let mark: BarrierMark

    init(mark: BarrierMark, flushed: @escaping @Sendable () -> SequenceNumber) {
        stripes = (0..<Self.stripeCount).map { _ in OverlayStripe() }
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

    /// Calls `append`, which puts the mutation into the log, and keeps the mutation under the sequence number that it returns.
    /// `append` must not block; it returns nil where it would have to, and then nothing is kept.
    func add<Failure: Error>(
        _ mutation: TaskMutation, append: () throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        guard let taskID = mutation.taskID else { return try addBarrier(mutation, append: append) }
        let stripe = stripes[index(of: taskID)]
        return try stripe.order.withLock { () throws(Failure) in
            guard let sequence = try append() else { return nil }
            stripe.insert(mutation, of: taskID, at: sequence, .now, applied: applied)
            return sequence
        }
    }

    /// As ``add(_:append:)`` for mutations that become one batch of the log; `append` returns the last one's number.
    /// Each must have a task id.
    func add<Failure: Error>(
        _ mutations: [TaskMutation], append: () throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        let placed = mutations.compactMap { mutation in
            mutation.taskID.map { (index: index(of: $0), id: $0, mutation) }
        }
        let locked = Set(placed.map(\.index)).sorted()
        for index in locked { stripes[index].order.lock() }
        defer { for index in locked { stripes[index].order.unlock() } }
        guard let last = try append() else { return nil }
        let time = Timestamp.now
        var sequence = SequenceNumber(rawValue: last.rawValue - UInt64(placed.count))
        for (index, id, mutation) in placed {
            sequence = sequence.next
            stripes[index].insert(mutation, of: id, at: sequence, time, applied: applied)
        }
        return last
    }

    /// Keeps a mutation that was found in the log. Called in the order of the log, and before everything else.
    func restore(_ mutation: TaskMutation, at sequence: SequenceNumber, _ time: Timestamp) {
        guard let taskID = mutation.taskID else {
            return access.withLock { barriers.append(LoggedMutation(sequence: sequence, mutation: mutation)) }
        }
        stripes[index(of: taskID)].insert(mutation, of: taskID, at: sequence, time, applied: applied)
    }

    private func addBarrier<Failure: Error>(
        _ mutation: TaskMutation, append: () throws(Failure) -> SequenceNumber?
    ) throws(Failure) -> SequenceNumber? {
        for stripe in stripes { stripe.order.lock() }
        defer { for stripe in stripes { stripe.order.unlock() } }
        guard let sequence = try append() else { return nil }
        access.withLock { barriers.append(LoggedMutation(sequence: sequence, mutation: mutation)) }
        return sequence
    }

    private func index(of taskID: String) -> Int {
        Int(TaskCodec.key(ofTask: taskID) % UInt64(Self.stripeCount))
    }

    // MARK: Reading

    /// What one task has. Take it before the store is read: then what isn't in it is in the store.
    func snapshot(of taskID: String) -> OverlaySnapshot {
        let applied = applied()
        let (tasks, activities) = stripes[index(of: taskID)].snapshot(of: taskID, applied: applied)
        return OverlaySnapshot(
            tasks: tasks.isEmpty ? [:] : [taskID: tasks], activities: activities, barriers: barriers(behind: applied))
    }

    /// What all tasks have. Take it before the store is read: then what isn't in it is in the store.
    func snapshot() -> OverlaySnapshot {
        let applied = applied()
        var tasks: [String: [LoggedMutation]] = [:]
        var activities: [LoggedActivity] = []
        for stripe in stripes {
            let contents = stripe.snapshot(applied: applied)
            tasks.merge(contents.tasks) { first, _ in first }
            for list in contents.activities.values { activities += list }
        }
        return OverlaySnapshot(tasks: tasks, activities: activities, barriers: barriers(behind: applied))
    }

    /// When the oldest mutation that the store may not have was appended.
    var oldestTime: Timestamp? {
        let applied = applied()
        return stripes.compactMap { $0.oldestTime(applied: applied) }.min()
    }

    /// Read after the stripes: a snapshot may hold a barrier without what came after it, but not the other way round.
    private func barriers(behind applied: SequenceNumber) -> [LoggedMutation] {
        access.withLock {
            barriers.removeAll { $0.sequence <= applied }
            return barriers
        }
    }
}
