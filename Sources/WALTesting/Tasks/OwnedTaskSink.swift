public import WAL
public import WALDelivery
public import WALTasks

/// A `TaskSink` that closes its store when it is closed.
public struct OwnedTaskSink<Store: TaskStore>: Sink {
    private let sink: TaskSink<Store>
    private let isOwner: Bool

    init(_ store: Store, coalescing: Bool, isOwner: Bool) {
        sink = TaskSink(store: store, coalescing: coalescing)
        self.isOwner = isOwner
    }

    public var name: String { sink.name }
    public var maxConcurrency: Int { sink.maxConcurrency }

    public func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
        try await sink.claim(lanes, of: laneCount, log: log)
    }

    public func positions(of lanes: Range<Int>, log: LogID) async throws -> [SinkLane]? {
        try await sink.positions(of: lanes, log: log)
    }

    public func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        try await sink.apply(batch)
    }

    public func classify(_ error: any Error) -> SinkFailure {
        sink.classify(error)
    }

    public func close() async {
        await sink.close()
        // The protocol has no way to report this error. A store that stays open shows in the next check.
        if isOwner { try? await sink.store.close() }
    }
}
