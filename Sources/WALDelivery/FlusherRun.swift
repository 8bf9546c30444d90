internal import WAL

/// The life of a flusher: claim, work, drain.
extension FlusherCore {
    private enum Event {
        case shutdown, drained, drainTimedOut
        case failed(WALError)
    }

    /// The time that ending waits for calls of the sink that ignore their cancellation.
    private static var endingGrace: Duration { .seconds(2) }

    /// Delivers, and closes the sink at the end. Returns the error that ended it, or nil after a graceful shutdown.
    func supervise() async -> WALError? {
        // An unstructured task, because the group would have to await a child. A client library that blocks may hang
        // as long as its server.
        let (ended, continuation) = AsyncStream<WALError>.makeStream()
        let working = Task {
            continuation.yield(await work())
            continuation.finish()
        }
        let error = await supervise(ended)
        working.cancel()
        let hasEnded = await returns(within: Self.endingGrace) { [sink] in
            await working.value
            await sink.close()
        }
        if !hasEnded { events.sinkHangs() }
        return error
    }

    private func supervise(_ ended: AsyncStream<WALError>) async -> WALError? {
        await withTaskGroup(of: Event.self) { group in
            func add(_ operation: @escaping @Sendable () async throws(WALError) -> Event) {
                group.addTask {
                    do throws(WALError) {
                        return try await operation()
                    } catch {
                        return .failed(error)
                    }
                }
            }
            add { () async throws(WALError) in
                try await coordinator.wait(for: .shutdown)
                return .shutdown
            }
            add { () async throws(WALError) in
                for await error in ended { return .failed(error) }
                return .failed(.waitCancelled)
            }
            add { () async throws(WALError) in try await watch() }
            var isShuttingDown = false
            for await event in group {
                switch event {
                case .shutdown:
                    isShuttingDown = true
                    let deadline = clock.now() + configuration.drainTimeout
                    add { () async throws(WALError) in
                        try await drain()
                        return .drained
                    }
                    add { () async throws(WALError) in
                        try await clock.sleep(until: deadline)
                        return .drainTimedOut
                    }
                case .drained, .drainTimedOut:
                    group.cancelAll()
                    events.shutDown(remaining: lag.records)
                    return nil
                case .failed(let error):
                    group.cancelAll()
                    if isShuttingDown { events.shutDown(remaining: lag.records) }
                    return error
                }
            }
            return nil
        }
    }

    /// Claims all lanes and works on them. Returns the error that ended it.
    private func work() async -> WALError {
        do throws(WALError) {
            try configuration.validate()
            try requireNothingOwed()
            var backoff = Backoff(generator: SystemRandomNumberGenerator())
            let (claimed, _) = try await claim(0..<configuration.laneCount, worker: 0, backoff: &backoff)
            try await skipWhatTheLogLacks(claimed)
            var workers = try divide(claimed)
            events.started(at: coordinator.withState { $0.applied }, lagAtHand)
            while true {
                if let error = await run(workers) { return error }
                coordinator.withState { $0.breaker.workersEnded() }
                let (again, _) = try await claim(0..<configuration.laneCount, worker: 0, backoff: &backoff)
                workers = try divide(again)
            }
        } catch {
            return error
        }
    }

    /// Divides claimed lanes among the workers, and publishes their positions.
    private func divide(_ claimed: [SinkLane]) throws(WALError) -> [OwnedLanes] {
        var workers = OwnedLanes.partition(
            claimed, among: max(1, min(configuration.workerCount, sink.maxConcurrency)))
        for index in workers.indices { try requireRecords(of: &workers[index]) }
        let known = log.cursors[cursorName]
        coordinator.update { state in
            state.cursor.start(at: known)
            return state.claimed(workers) + state.asked()
        }
        // Before the first delivery, so that retention keeps the records that a new sink is missing.
        moveCursor()
        return workers
    }

    /// Runs the workers until one of them ends. Returns the error that ended it, or nil if all lanes must be claimed
    /// again.
    private func run(_ workers: [OwnedLanes]) async -> WALError? {
        await withTaskGroup(of: WALError?.self, returning: WALError?.self) { group in
            for (index, lanes) in workers.enumerated() {
                group.addTask {
                    var worker = FlusherWorker(index: index, context: self, lanes: lanes)
                    return await errorThrown { () async throws(WALError) in try await worker.run() }
                }
            }
            group.addTask {
                var pump = SyncPump(context: self)
                do throws(WALError) {
                    try await pump.run()
                } catch {
                    return error
                }
            }
            guard let first = await group.next() else { return WALError.waitCancelled }
            group.cancelAll()
            return first
        }
    }

    func drain() async throws(WALError) {
        let target = log.lastSequence
        if log.durableSequence < target { try await log.sync() }
        coordinator.update { $0.commitPositions(through: target) }
        try await coordinator.wait(for: .committed(target))
        moveCursor(isDrained: true)
    }

    func waitUntilApplied(_ sequence: SequenceNumber) async throws(WALError) {
        if coordinator.withState({ $0.applied >= sequence }) { return }
        let last = log.lastSequence
        if sequence <= last, log.durableSequence < sequence { try await log.sync() }
        coordinator.update { $0.expedite(through: min(sequence, last)) }
        try await coordinator.wait(for: .applied(sequence))
    }
}
