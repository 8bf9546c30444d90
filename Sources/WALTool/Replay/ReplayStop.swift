/// Ends a replay at the first SIGINT or SIGTERM, after the batch that the store is applying, and reports the signal.
struct ReplayStop {
    private let signal: StopSignal
    private let storeName: String
    private let limit: Duration

    /// Catches signals. `limit` is the time that the store has for that batch after the signal.
    init(storeName: String, limit: Duration) throws(ToolError) {
        signal = try StopSignal()
        self.storeName = storeName
        self.limit = limit
        signal.catchSignals()
    }

    /// The name of the signal that came: `SIGINT` or `SIGTERM`.
    var signalName: String? { signal.signalName }

    /// Restores the default actions of the signals.
    func end() {
        signal.releaseSignals()
    }

    /// Runs `body`, which ends after a batch once there is a ``signalName``. If that takes longer than the limit,
    /// returns without waiting for `body`, because a store that hangs can't be interrupted.
    func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (ends, end) = AsyncStream<Result<Void, any Error>>.makeStream()
        let work = Task {
            do {
                try await body()
                end.yield(.success(()))
            } catch {
                end.yield(.failure(error))
            }
        }
        let limiting = Task {
            try await signal.waitForSignal()
            announce()
            try await Task.sleep(for: limit)
            StandardError.write(
                "\(storeName) hasn't taken the last batch within \(limit). The next run continues from the store's position.\n"
            )
            end.yield(.success(()))
        }
        defer {
            work.cancel()
            limiting.cancel()
        }
        for await result in ends { return try result.get() }
    }

    private func announce() {
        StandardError.write(
            """
            \(signalName ?? "stopped"): no more is read. Waiting for up to \(limit) until \(storeName) has taken the last batch. \
            A second signal ends this at once; the next run continues after that batch.

            """)
    }
}
