internal import WAL
internal import WALDelivery

extension SinkExamination {
    /// Returns a workload that reveals lost, duplicate or misordered records. Some keys are deleted at the end.
    func workload(_ count: Int, keys: Int = 6) throws -> [SinkChange] {
        let changes: [SinkChange] = try (0..<count).map { number in
            let key = number * 5 % keys
            let change =
                switch number % 7 {
                case 2: event(number, key)
                case 5: delete(key)
                default: set(key, "v\(number)")
                }
            return try has(change) ? change : event(number, key)
        }
        return try expressible(changes)
    }

    func deliveryLog(for payloads: [[UInt8]]) async throws -> DeliveryLog {
        let log = try await DeliveryLog.make(largestRecord: payloads.lazy.map(\.count).max() ?? 0)
        leftovers.add { await log.close() }
        return log
    }

    func deliver(
        _ log: DeliveryLog, into sink: some Sink, _ setting: DeliveryRun.Setting,
        during body: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> DeliveryRun.Outcome {
        try await DeliveryRun.deliver(
            log, into: sink, setting, patience: fixture.patience, key: { fixture.key(of: $0) }, during: body)
    }

    func expectDrained(_ outcome: DeliveryRun.Outcome, _ setting: DeliveryRun.Setting, _ text: String) throws {
        switch outcome {
        case .drained: break
        case .stopped(let error):
            throw rule(text).failure(expected: "everything delivered with \(setting)", found: "stopped by \(error)")
        case .stuck:
            throw rule(text).failure(
                expected: "everything delivered with \(setting)", found: "still not after \(fixture.patience)")
        }
    }

    func deliversEverything() async throws {
        for (round, (workers, batchSize)) in [(1, 1), (1, 500), (2, 7), (4, 3), (3, 50)].enumerated() {
            let setting = DeliveryRun.Setting(workers: workers, batchSize: batchSize, laneCount: [4, 1, 16][round % 3])
            let changes = try workload(150).map { $0.renamed(by: "r\(round)-") }
            let payloads = try payloads(changes)
            let log = try await deliveryLog(for: payloads)
            let middle = payloads.count * 3 / 5
            let (first, second) = (Array(payloads[..<middle]), Array(payloads[middle...]))
            try log.append(first)
            let sink = WatchedSink(try await fixture.makeSink())
            let outcome = try await deliver(log, into: sink, setting) { try log.append(second) }
            try expectDrained(outcome, setting, SinkRule.delivery)
            try rule(SinkRule.poison).expect(sink.notes.deadLetters, [], "dead letters among good records")
            try await rule(SinkRule.poison).expect(log.deadLetters(), [], "dead letters among good records")
            try await expectContents(after: changes, prefix: "r\(round)-", SinkRule.delivery)
        }
    }

    /// Stops after each batch. Continues with a new sink, another number of workers and another batch size.
    func resumesAfterEveryBatch() async throws {
        let changes = try workload(120)
        let payloads = try payloads(changes)
        let log = try await deliveryLog(for: payloads)
        try log.append(payloads)
        // Each run applies a batch of one record or more.
        let runsMax = 2 * payloads.count
        for run in 0..<runsMax {
            let setting = DeliveryRun.Setting(workers: [1, 2, 4, 3][run % 4], batchSize: [3, 5, 2, 9, 1][run % 5])
            let base = try await fixture.makeSink()
            // With several workers, the other workers finish the batches that they have begun.
            let sink = WatchedSink(base) { $0 > 1 ? .halting : .none }
            switch try await deliver(log, into: sink, setting) {
            case .drained: return try await expectContents(after: changes, SinkRule.delivery)
            case .stopped where sink.notes.batchCount > 1: break
            case let outcome: try expectDrained(outcome, setting, SinkRule.delivery)
            }
        }
        throw rule(SinkRule.positions).failure(
            expected: "every run resumes where the last one stopped", found: "\(runsMax) runs didn't reach the end")
    }

    /// Loses the reply to every third batch. Only the next claim can show whether the batch was applied.
    func survivesLostReplies() async throws {
        for workers in [1, 3] {
            let setting = DeliveryRun.Setting(workers: workers, batchSize: 4)
            let changes = try workload(80).map { $0.renamed(by: "w\(workers)-") }
            let payloads = try payloads(changes)
            let log = try await deliveryLog(for: payloads)
            try log.append(payloads)
            let sink = WatchedSink(try await fixture.makeSink()) { $0.isMultiple(of: 3) ? .losingReply : .none }
            try await expectDrained(deliver(log, into: sink, setting), setting, SinkRule.positions)
            try await expectContents(after: changes, prefix: "w\(workers)-", SinkRule.once)
        }
    }

    func survivesRestarts() async throws {
        let setting = DeliveryRun.Setting(workers: 2, batchSize: 5)
        // No change replaces an earlier change, so that no loss is hidden.
        let changes = try expressible((0..<200).map { $0 % 3 == 0 ? event($0, $0 % 5) : set($0, "v") })
        let payloads = try payloads(changes)
        let log = try await deliveryLog(for: payloads)
        let fixture = fixture
        let sink = WatchedSink(try await fixture.makeSink())
        let outcome = try await deliver(log, into: sink, setting) {
            for start in stride(from: 0, to: payloads.count, by: 50) {
                let count = sink.notes.acknowledgedCount
                let deadline = ContinuousClock.now + fixture.patience
                try log.append(Array(payloads[start..<min(start + 50, payloads.count)]))
                // The restart comes during the work, when there are acknowledged records that can be lost.
                while sink.notes.acknowledgedCount == count, .now < deadline {
                    try await Task.sleep(for: .milliseconds(1))
                }
                guard try await fixture.restartDestination() else {
                    throw CheckSkipped(reason: "the fixture restarts no destination")
                }
            }
        }
        try expectDrained(outcome, setting, SinkRule.connection)
        try await expectContents(after: changes, SinkRule.once)
    }
}

extension SinkChange {
    /// Returns the change with a prefix before its key and its id.
    func renamed(by prefix: String) -> SinkChange {
        switch self {
        case .set(let key, let value): .set(key: prefix + key, value: value)
        case .delete(let key): .delete(key: prefix + key)
        case .event(let id, let key): .event(id: prefix + id, key: prefix + key)
        case .poison(let key): .poison(key: prefix + key)
        }
    }
}
