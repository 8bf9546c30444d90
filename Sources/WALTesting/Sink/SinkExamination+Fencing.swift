internal import WAL
internal import WALDelivery

extension SinkExamination {
    func refusesReplay() async throws {
        var owner = try await owner()
        let first = try expressible([set(1, "a"), event(1, 1), set(2, "a")])
        let firstBatch = try owner.batch(payloads(first))
        try await owner.apply(firstBatch)
        try await expectFenced(firstBatch, into: owner.sink, "the same batch again", SinkRule.replay)
        let second = try expressible([set(1, "b"), delete(2), event(2, 1)])
        let secondBatch = try owner.batch(payloads(second))
        try await owner.apply(secondBatch)
        for batch in [firstBatch, secondBatch] {
            try await expectFenced(batch, into: owner.sink, "a batch from before", SinkRule.replay)
        }
        try await expectContents(after: first + second, SinkRule.once)
        // The batch has the new epochs but its old positions, like a batch of a flusher that doesn't know the outcome.
        try await owner.claimAgain()
        var stale = secondBatch
        stale.lanes = zip(owner.lanes, secondBatch.lanes).map {
            SinkLane(index: $0.index, epoch: $0.epoch, position: $1.position)
        }
        try await expectFenced(stale, into: owner.sink, "an old batch with the epochs of a new claim", SinkRule.replay)
        try await expectContents(after: first + second, SinkRule.once)
        let position = SequenceNumber(rawValue: UInt64(first.count + second.count))
        try await expectPositions([position, position, position, position], SinkRule.positions)
    }

    func fencesOtherPositions() async throws {
        var owner = try await owner()
        let changes = [set(1, "a"), set(2, "a")]
        try await owner.apply(owner.batch(payloads(changes)))
        var batch = try owner.batch(payloads([set(1, "b")]))
        batch.position = 9
        batch.records = batch.records.map { SinkRecord(sequence: 9, time: $0.time, payload: $0.payload) }
        let ahead = batch.lanes.map { SinkLane(index: $0.index, epoch: $0.epoch, position: 8) }
        let behind = batch.lanes.map { SinkLane(index: $0.index, epoch: $0.epoch, position: 1) }
        batch.lanes = behind
        try await expectFenced(batch, into: owner.sink, "a batch from earlier positions", SinkRule.replay)
        batch.lanes = ahead
        try await expectRefused(batch, into: owner.sink, "a batch from later positions", SinkRule.replay)
        batch.lanes = owner.lanes.map { SinkLane(index: $0.index, epoch: $0.epoch + 1, position: $0.position) }
        try await expectRefused(batch, into: owner.sink, "a batch with an unclaimed epoch", SinkRule.epochFence)
        batch.lanes = owner.lanes
        batch.log = .random()
        try await expectFenced(batch, into: owner.sink, "a batch of an unclaimed log", SinkRule.epochFence)
        try await expectContents(after: changes, SinkRule.together)
        try await expectPositions([2, 2, 2, 2], SinkRule.together)
    }

    /// Moves each of several lanes in turn. Then a batch of all lanes must not move the others.
    func fencesLanesTogether() async throws {
        var owner = try await owner()
        var positions = owner.lanes.map(\.position)
        var done: [SinkChange] = []
        for lane in positions.indices {
            let number = try numbers(1, inLane: lane, of: owner.laneCount)[0]
            let stale = try owner.batch(payloads([set(number + 1, "b"), set(number, "b")]))
            let change = set(number, "a")
            try await owner.apply(owner.batch(payloads([change]), lanes: [owner.lanes[lane]]))
            done.append(change)
            positions[lane] = owner.lanes[lane].position
            try await expectFenced(stale, into: owner.sink, "a batch of which one lane has moved", SinkRule.together)
            try await expectContents(after: done, SinkRule.together)
            owner = try await expectPositions(positions, SinkRule.together)
        }
    }

    func fencesEarlierOwners() async throws {
        var zombie = try await owner()
        var done = [set(1, "a")]
        try await zombie.apply(zombie.batch(payloads(done)))
        var heir = try await owner()
        let late = try zombie.batch(payloads([set(1, "zombie")]))
        try await expectFenced(late, into: zombie.sink, "an earlier owner's batch", SinkRule.epochFence)
        try await expectContents(after: done, SinkRule.epochFence)
        let changes = [set(1, "b"), set(2, "b")]
        try await heir.apply(heir.batch(payloads(changes)))
        done += changes
        // The lanes look as if the zombie had read the heir's positions.
        zombie.lanes = zip(zombie.lanes, heir.lanes).map {
            SinkLane(index: $0.index, epoch: $0.epoch, position: $1.position)
        }
        let later = try zombie.batch(payloads([set(2, "zombie")]))
        try await expectFenced(later, into: zombie.sink, "an earlier owner's batch", SinkRule.epochFence)
        try await expectContents(after: done, SinkRule.epochFence)
        try await expectPositions([3, 3, 3, 3], SinkRule.epochFence)
    }

    /// Takes one lane from an owner, which must keep its other lanes.
    func fencesLanesAlone() async throws {
        var first = try await owner()
        let second = try await sink()
        _ = try await second.claim(2..<3, of: 4, log: log)
        let lost = try numbers(1, inLane: 2, of: 4)[0]
        let kept = try numbers(1, inLane: 1, of: 4)[0]
        try await expectFenced(
            first.batch(payloads([set(lost, "a")]), lanes: [first.lanes[2]]), into: first.sink,
            "a batch of the lane that was lost", SinkRule.epochFence)
        try await expectFenced(
            first.batch(payloads([set(kept, "b")])), into: first.sink, "a batch of which one lane was lost",
            SinkRule.epochFence)
        try await first.apply(first.batch(payloads([set(kept, "a")]), lanes: [first.lanes[1]]))
        try await expectContents(after: [set(kept, "a")], SinkRule.epochFence)
        try await expectPositions([0, 1, 0, 0], SinkRule.epochFence)
    }

    /// Claims the lanes while a batch is in progress. The claim must wait for the batch or prevent it from being
    /// applied.
    ///
    /// If there is a proxy, it holds the first reply to the batch while the claim arrives. Then it holds the second
    /// reply, and so on, until a batch needs no more replies. Without a proxy, the claims arrive at different times.
    func claimsSettleOpenBatches() async throws {
        var done: [SinkChange] = []
        for number in 1...100 {
            let start = ContinuousClock.now
            guard let (sink, proxy) = try await fixture.makeSinkBehindProxy() else { break }
            defer { proxy.close() }
            leftovers.add { await sink.close() }
            let zombie = Owner(
                sink: sink, log: log, laneCount: 4, patience: fixture.patience,
                lanes: try await claim(4, of: log, by: sink))
            // A claim that takes so long, compared with the previous owner's claim, is waiting for the batch.
            let patience = max(.milliseconds(100), (ContinuousClock.now - start) * 20)
            proxy.holdBeforeReply(number)
            let applying = try settling(zombie, "p\(number)")
            while !proxy.isHolding, !applying.hasEnded { try await Task.sleep(for: .milliseconds(1)) }
            let wasHeld = proxy.isHolding
            let heir = Task { try await owner() }
            try await wait(for: heir, patience)
            proxy.release()
            try await expectSettled(applying, by: try await heir.value, &done)
            await leftovers.closeAll()
            guard wasHeld else { break }
        }
        for round in 0..<20 {
            let applying = try settling(try await owner(), "r\(round)")
            // In each round the claim arrives later, so that claims come before, during and after the transaction. The
            // last claim is late enough to meet any transaction that a batch leaves open.
            try await Task.sleep(for: round == 19 ? .milliseconds(200) : .microseconds(round * round * 20))
            try await expectSettled(applying, by: try await owner(), &done)
            await leftovers.closeAll()
        }
    }

    /// A batch that an owner is applying.
    private struct Applying: Sendable {
        var batch: SinkBatch
        var changes: [SinkChange]
        var outcome: Task<Void, any Error>
        private(set) var end: Monitor<Bool>

        var hasEnded: Bool { end.withLock(\.self) }
    }

    private func settling(_ zombie: Owner, _ value: String) throws -> Applying {
        let changes = (0..<20).map { set($0, value) }
        let batch = try zombie.batch(payloads(changes))
        let end = Monitor(false)
        let outcome = Task {
            defer { end.withLock { $0 = true } }
            try await apply(batch, into: zombie.sink)
        }
        return Applying(batch: batch, changes: changes, outcome: outcome, end: end)
    }

    /// Waits until the claim has ended, but at most for `patience`.
    private func wait(for heir: Task<Owner, any Error>, _ patience: Duration) async throws {
        let isMade = Monitor(false)
        Task {
            _ = await heir.result
            isMade.withLock { $0 = true }
        }
        let end = ContinuousClock.now + patience
        while !isMade.withLock(\.self), .now < end { try await Task.sleep(for: .milliseconds(5)) }
    }

    private func expectSettled(_ applying: Applying, by heir: Owner, _ done: inout [SinkChange]) async throws {
        let position = heir.lanes[0].position
        if position == applying.batch.position {
            done += applying.changes
        } else {
            let before = applying.batch.lanes[0].position
            try rule(SinkRule.positions).expect(position, before, "position while a batch was under way")
        }
        try await expectContents(after: done, SinkRule.claimFence)
        try await applying.outcome.value
        try await expectContents(after: done, SinkRule.claimFence)
    }

    private func apply(_ batch: SinkBatch, into sink: Fixture.Tested) async throws {
        do {
            _ = try await sink.apply(batch)
        } catch {
            switch sink.classify(error) {
            case .fenced, .transient, .overloaded, .indeterminate: break
            case .fatal, .record:
                throw rule(SinkRule.epochFence).failure(
                    expected: "a batch that a claim overtakes is applied or fenced",
                    found: "\(sink.classify(error)): \(error)")
            }
        }
    }
}
