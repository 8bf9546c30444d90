public import WAL
public import WALDelivery

/// A `Sink` for a task store. It decodes the records of a batch and coalesces their changes.
public struct TaskSink<Store: TaskStore>: Sink, TaskStoreSink {
    /// The store to which batches are applied.
    public let store: Store
    private let isCoalescing: Bool
    private let progress: TaskSinkProgress?
    private let reach: StoreReach<Store>?

    /// Makes a sink for `store`. Without `coalescing`, every record becomes one operation, so the store sees each
    /// state of a task.
    public init(store: Store, coalescing: Bool = true) {
        self.init(store: store, coalescing: coalescing, progress: nil, reach: nil)
    }

    init(store: Store, coalescing: Bool, progress: TaskSinkProgress?, reach: StoreReach<Store>?) {
        self.store = store
        isCoalescing = coalescing
        self.progress = progress
        self.reach = reach
    }

    public var name: String { store.name }
    public var maxConcurrency: Int { store.maxConcurrency }

    public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        let claimed = try await store.claim(lanes, of: laneCount, log: log)
        progress?.claimed(claimed)
        reach?.answered()
        return claimed
    }

    public func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
        let found = try await store.positions(of: lanes, log: log)
        if found != nil { reach?.answered() }
        return found
    }

    public func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        if let last = batch.records.last { progress?.beginBatch(through: last.sequence) }
        do {
            if let receipt = try await copied(batch) {
                reach?.answered()
                return receipt
            }
            let (decoded, coalescedCount) = decode(batch)
            let barrier = decoded.operations.last { $0.mutation.taskID == nil }?.record.sequence
            if let barrier { progress?.begin(barrier) }
            var receipt = try await store.apply(decoded)
            reach?.answered()
            if let barrier { progress?.end(barrier) }
            receipt.coalescedCount += coalescedCount
            return receipt
        } catch {
            progress?.fail()
            throw error
        }
    }

    public func classify(_ error: any Error) -> SinkFailure {
        store.classify(error)
    }

    /// Has no effect. The store's owner closes it, and may still read from it.
    public func close() async {}

    /// Applies a batch by the store's faster way for activities; nil if that doesn't suit the batch.
    private func copied(_ batch: SinkBatch) async throws -> SinkReceipt? {
        guard isCoalescing, let store = store as? any CopyingStore, let batch = CopyableBatch(batch) else { return nil }
        return try await store.apply(batch)
    }

    private func decode(_ batch: SinkBatch) -> (batch: TaskBatch, coalescedCount: Int) {
        var coalescer = TaskCoalescer(capacity: batch.records.count)
        var operations: [TaskBatch.Operation] = []
        var undecodable: [(record: SinkRecord, letter: DeadLetter)] = []
        for record in batch.records where !TaskCodec.isFlowRecord(unsafe record.payload.span.bytes) {
            do throws(TaskCodecError) {
                let mutation = try unsafe TaskCodec.decode(record.payload.span.bytes)
                let operation = TaskBatch.Operation(record: record, mutation: mutation)
                if isCoalescing { coalescer.add(operation) } else { operations.append(operation) }
            } catch {
                let letter = DeadLetter(
                    sequence: record.sequence, code: error.code.description,
                    reason: "The record isn't an encoded task mutation: \(error).")
                undecodable.append((record, letter))
            }
        }
        let decoded = TaskBatch(
            log: batch.log, laneCount: batch.laneCount, lanes: batch.lanes, position: batch.position,
            operations: isCoalescing ? coalescer.result : operations, undecodable: undecodable)
        return (decoded, coalescer.coalescedCount)
    }
}
