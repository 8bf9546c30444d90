public import WAL
public import WALDelivery

/// Makes a `Sink` of a task store: decodes the records of a batch, and coalesces what they change.
public struct TaskSink<Store: TaskStore>: Sink {
    /// The store that batches go to.
    public let store: Store
    private let isCoalescing: Bool
    private let meter: FlushMeter?
    private let barriers: BarrierMark?
    private let reach: StoreReach<Store>?

    /// Makes a sink for `store`. Without `coalescing` every record becomes one operation, so that the store sees each state
    /// that a task went through.
    public init(store: Store, coalescing: Bool = true) {
        self.init(store: store, coalescing: coalescing, meter: nil, barriers: nil, reach: nil)
    }

    init(store: Store, coalescing: Bool, meter: FlushMeter?, barriers: BarrierMark?, reach: StoreReach<Store>?) {
        self.store = store
        isCoalescing = coalescing
        self.meter = meter
        self.barriers = barriers
        self.reach = reach
    }

    public var name: String { store.name }
    public var maxConcurrency: Int { store.maxConcurrency }

    public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        let claimed = try await store.claim(lanes, of: laneCount, log: log)
        reach?.answered()
        return claimed
    }

    public func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        let started = ContinuousClock.now
        do {
            let (decoded, coalescedCount) = decode(batch)
            let barrier = decoded.operations.last { $0.mutation.taskID == nil }?.record.sequence
            if let barrier { barriers?.begin(barrier) }
            var receipt = try await store.apply(decoded)
            reach?.answered()
            if let barrier { barriers?.end(barrier) }
            receipt.coalescedCount += coalescedCount
            meter?.flushed(batch.records.count, receipt, in: started.duration(to: .now))
            return receipt
        } catch {
            meter?.failed()
            throw error
        }
    }

    public func classify(_ error: any Error) -> SinkFailure {
        store.classify(error)
    }

    /// Does nothing: the store is closed by whoever opened it, and may be read from still.
    public func close() async {}

    private func decode(_ batch: SinkBatch) -> (batch: TaskBatch, coalescedCount: Int) {
        var coalescer = TaskCoalescer(capacity: batch.records.count)
        var operations: [TaskBatch.Operation] = []
        var undecodable: [(record: SinkRecord, letter: DeadLetter)] = []
        for record in batch.records {
            do throws(TaskCodecError) {
                let mutation = try unsafe TaskCodec.decode(record.payload.span.bytes)
                let operation = TaskBatch.Operation(record: record, mutation: mutation)
                if isCoalescing { coalescer.add(operation) } else { operations.append(operation) }
            } catch {
                let letter = DeadLetter(
                    sequence: record.sequence, code: error.code.description,
                    reason: "Not an encoded task mutation: \(error)")
                undecodable.append((record, letter))
            }
        }
        let decoded = TaskBatch(
            log: batch.log, laneCount: batch.laneCount, lanes: batch.lanes, position: batch.position,
            operations: isCoalescing ? coalescer.result : operations, undecodable: undecodable)
        return (decoded, coalescer.coalescedCount)
    }
}
