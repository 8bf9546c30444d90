internal import Logging
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension Engine {
    /// How often old segments are looked for when nothing else happens.
    private static let retentionInterval: Duration = .seconds(1)

    private enum Work {
        case prepare(number: UInt64, capacity: Int)
        /// The active segment should have ended with this record.
        case endSegment(sequence: UInt64)
        /// The disk budget is used up, and old segments may go.
        case remove(sizeMax: Int)
        case stop
        /// The disk budget is used up, and those who wait for a segment must know.
        case tellOverBudget
        /// There is an earlier deadline than this thread's.
        case look
    }

    /// What the opening before had no use for. A segment that can't be cut is whole all the same.
    func release(_ unused: UnusedSpace) {
        do throws(WALError) { try unused.release() } catch {
            logger?.warning("a segment could not be cut behind its footer", metadata: LogMetadata.of(error))
        }
    }

    /// The maintenance thread: keeps segments ready, removes old ones.
    func runMaintenanceThread() {
        var nextRetention = ContinuousClock.now + Self.retentionInterval
        var reporter = EngineReporter(self)
        while true {
            let deadline = state.withLock { state in state.deadline(before: nextRetention) }
            let work = state.wait(until: deadline) { state -> Work? in
                if state.deadline(before: deadline) < deadline { return .look }
                switch state.phase {
                case .open: break
                // What is poisoned can be drained still, and what was drained removed.
                case .poisoned: return nil
                case .closing, .closed: return .stop
                }
                if let sequence = state.dueEnd { return .endSegment(sequence: sequence) }
                return nextPreparation(&state)
            }
            switch work {
            case .stop: return
            case .prepare(let number, let capacity): prepare(number, capacity)
            case .endSegment(let sequence): endSegment(with: sequence)
            case .remove(let sizeMax): makeRoom(sizeMax)
            case .tellOverBudget, nil: stateChanged()
            case .look: break
            }
            reporter.report()
            // Under load there is always other work.
            guard ContinuousClock.now >= nextRetention else { continue }
            nextRetention = .now + Self.retentionInterval
            recoverIfPoisoned()
            applyRetention()
            state.withLock { $0.retryPreparation() }
            if let metrics { metrics.record(statistics) }
        }
    }

    /// Whether to make a segment now.
    private func nextPreparation(_ state: inout EngineState) -> Work? {
        guard state.prepared.count < configuration.preparedSegmentsMax, state.preparation.failure == nil,
            !state.preparation.isOverBudget
        else { return nil }
        let capacity = state.preparation.capacity
        if let budget = configuration.budgetOfProducers, state.diskSize + capacity > budget {
            let sizeMax = budget - capacity
            if isOldestRemovable(state, sizeMax: sizeMax) { return .remove(sizeMax: sizeMax) }
            guard state.preparation.isDemanded else { return nil }
            if state.hasUnsealedEnd, state.preparation.waitsForSealing() { return nil }
            state.preparation.isOverBudget = true
            state.preparation.obstacle = logFull(state.diskSize)
            return .tellOverBudget
        }
        state.preparation.awaitsSealingSince = nil
        state.nextNumber += 1
        return .prepare(number: state.nextNumber - 1, capacity: capacity)
    }

    private func prepare(_ number: UInt64, _ capacity: Int) {
        let result = Result { () throws(WALError) in
            try directory.requireInPlace()
            do throws(WALError) {
                return try PreparedSegment.make(
                    in: directory, number: number, logID: logID, capacity: capacity,
                    policy: configuration.syncPolicy, pause: pauseUnlessInDemand)
            } catch {
                try directory.requireInPlace()
                throw error
            }
        }
        switch result {
        case .success(let prepared):
            state.withLock { state in
                state.prepared.append(prepared)
                state.preparation.isDemanded = false
                state.preparation.obstacle = nil
            }
            stateChanged()
        case .failure(let error):
            preparationFailed(error)
        }
    }

    /// As long as there is another segment ready there is no hurry, and producers in a burst want the processor and the memory for
    /// themselves: a thread reached 0.64 of a C loop's records a second instead of 0.50 over three segments, and no less over 1 GiB.
    /// To wait on until half of the last segment is used gains a burst nothing more, and costs 1 GiB 8 %.
    private func pauseUnlessInDemand() {
        let isInDemand = state.withLock { state in
            state.prepared.isEmpty || state.preparation.isDemanded || state.phase.isClosing
        }
        if !isInDemand { usleep(1000) }
    }

    /// Lets go of old segments for one that is wanted.
    private func makeRoom(_ sizeMax: Int) {
        do throws(WALError) { try removeOldSegments(sizeMax: sizeMax) } catch { preparationFailed(error) }
    }

    private func preparationFailed(_ error: WALError) {
        state.withLock { state in
            state.preparation.failure = error
            state.preparation.obstacle = error
            state.preparation.lastFailure = .now
        }
        stateChanged()
    }

    private func recoverIfPoisoned() {
        let isPoisoned = state.withLock { state in
            if case .poisoned = state.phase { true } else { false }
        }
        if isPoisoned { recoverFromPoisoning() }
    }
}

extension EngineState.Preparation {
    /// A producer that was stopped amid an append holds up sealing; what the budget allows isn't known before.
    private static let sealingTimeout: Duration = .seconds(1)

    /// Whether to wait (still) for the sealing that is due.
    fileprivate mutating func waitsForSealing() -> Bool {
        let start = awaitsSealingSince ?? .now
        awaitsSealingSince = start
        return ContinuousClock.now - start < Self.sealingTimeout
    }
}
