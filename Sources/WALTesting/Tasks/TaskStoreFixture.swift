public import WAL
public import WALTasks

/// A ``SinkFixture`` for any `TaskStore`. Values are the payloads of tasks, and events are activities.
///
/// ```swift
/// @Test(arguments: SinkConformance.allCases, [true, false])
/// func conformance(check: SinkConformance, coalescing: Bool) async throws {
///     let fixture = TaskStoreFixture(coalescing: coalescing) { try await MyTaskStore(path: path) }
///     try await check.run(on: fixture)
/// }
/// ```
public struct TaskStoreFixture<Store: TaskStore>: SinkFixture {
    /// A function that makes a proxy and opens a store through it.
    public typealias ProxiedOpening = @Sendable () async throws -> (store: Store, proxy: CuttingProxy)

    /// The largest batch; see ``SinkFixture/largestBatch``.
    public var largestBatch = LargestBatch()
    /// The longest time that the suite waits; see ``SinkFixture/patience``.
    public var patience: Duration = .seconds(600)
    /// The payload of a task that the store rejects, as JSON text. Without it, the poison is a record that isn't an
    /// encoded mutation.
    public var poisonPayload: String?
    /// A function that opens the store through a proxy. Without it, the checks that cut connections are skipped.
    public var openingBehindProxy: ProxiedOpening?
    /// A function that kills the store's server and starts it again. Without it, the checks that restart the server are
    /// skipped.
    public var restarting: (@Sendable () async throws -> Void)?
    /// A function that returns the sequence numbers of the store's dead letters for a log.
    public var readingDeadLetters: (@Sendable (LogID) async throws -> [SequenceNumber])?

    private let isCoalescing: Bool
    private let isShared: Bool
    private let open: @Sendable () async throws -> Store
    private let dagID = "conformance-" + String(UInt64.random(in: 0 ... .max), radix: 16)

    /// Makes a fixture that opens a store for each sink, and closes the store with the sink.
    ///
    /// - Parameters:
    ///   - coalescing: Whether the sinks coalesce the mutations of a batch.
    ///   - open: Opens a store.
    public init(coalescing: Bool = true, opening open: @escaping @Sendable () async throws -> Store) {
        isCoalescing = coalescing
        isShared = false
        self.open = open
    }

    /// Makes a fixture for one store, which all sinks share. The suite doesn't close the store.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - coalescing: Whether the sinks coalesce the mutations of a batch.
    public init(sharing store: Store, coalescing: Bool = true) {
        isCoalescing = coalescing
        isShared = true
        open = { store }
    }

    public func makeSink() async throws -> OwnedTaskSink<Store> {
        OwnedTaskSink(try await open(), coalescing: isCoalescing, isOwner: !isShared)
    }

    public func makeSinkBehindProxy() async throws -> (sink: OwnedTaskSink<Store>, proxy: CuttingProxy)? {
        guard let (store, proxy) = try await openingBehindProxy?() else { return nil }
        return (OwnedTaskSink(store, coalescing: isCoalescing, isOwner: true), proxy)
    }

    public func restartDestination() async throws -> Bool {
        try await restarting?() != nil
    }

    public func deadLetters(of log: LogID) async throws -> [SequenceNumber]? {
        try await readingDeadLetters?(log)
    }

    public func key(of payload: RawSpan) -> UInt64? {
        TaskCodec.key(of: payload)
    }

    public func payload(for change: SinkChange) -> [UInt8]? {
        let time = Timestamp(rawValue: 1_700_000_000_000_000)
        switch change {
        case .set(let key, let value): return TaskCodec.encode(.save(task(key, payload: "\"\(value)\"")))
        case .delete(let key): return TaskCodec.encode(.delete(id: key))
        case .event(let id, let key):
            let activity = TaskActivityLog(
                id: id, taskID: key, dagID: dagID, nodeID: "node", action: "run", createdAt: time)
            return TaskCodec.encode(.log(activity))
        case .poison(let key):
            // No version of the encoding begins with a zero byte.
            return poisonPayload.map { TaskCodec.encode(.save(task(key, payload: $0))) } ?? [0, 0]
        }
    }

    private func task(_ id: String, payload: String) -> PersistentTask {
        let time = Timestamp(rawValue: 1_700_000_000_000_000)
        return PersistentTask(id: id, dagID: dagID, nodeID: "node", payload: payload, createdAt: time)
    }

    public func contents() async throws -> SinkContents {
        let store = try await open()
        do {
            let contents = try await contents(of: store)
            if !isShared { try await store.close() }
            return contents
        } catch {
            if !isShared { try? await store.close() }
            throw error
        }
    }

    private func contents(of store: Store) async throws -> SinkContents {
        let page = 10_000
        var contents = SinkContents()
        for number in 0... {
            let tasks = try await store.tasks(dagID: dagID, limit: page, offset: number * page)
            for task in tasks { contents.values[task.id] = task.payload.map { String($0.dropFirst().dropLast()) } }
            if tasks.count < page { break }
        }
        for number in 0... {
            let activities = try await store.activities(dagID: dagID, limit: page, offset: number * page)
            for activity in activities { contents.events[activity.id, default: 0] += 1 }
            if activities.count < page { break }
        }
        return contents
    }
}
