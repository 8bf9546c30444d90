internal import WAL
internal import WALDelivery

extension SinkExamination {
    func keepsOrder() async throws {
        try await expectOrder(of: [
            [set(1, "a"), set(2, "a"), set(1, "b")], [set(2, "c"), set(1, "d"), set(2, "e"), set(1, "f")],
            [set(1, "g")], [set(2, "h"), set(2, "i")],
        ])
    }

    func deletes() async throws {
        try await expectOrder(of: [
            [set(1, "a"), set(2, "a"), set(3, "a"), set(4, "a")],
            [delete(1), delete(9), set(2, "b"), delete(2), delete(3), set(3, "c")],
            [set(5, "a"), delete(5), set(5, "b"), set(6, "a"), delete(6), delete(4), set(4, "b"), delete(4)],
            [set(1, "z")],
        ])
    }

    /// Applies batches of one owner, and compares the contents after each.
    private func expectOrder(of batches: [[SinkChange]]) async throws {
        var owner = try await owner()
        var done: [SinkChange] = []
        for changes in batches {
            try await owner.apply(owner.batch(payloads(changes)))
            done += changes
            try await expectContents(after: done, SinkRule.order)
        }
    }

    func keepsEvents() async throws {
        var owner = try await owner()
        let first = [event(1, 1), set(1, "a"), event(2, 1), event(3, 2)]
        try await owner.apply(owner.batch(payloads(first)))
        let second = [event(4, 1)]
        try await owner.apply(owner.batch(payloads(second)))
        try await expectContents(after: first + second, SinkRule.once)
    }

    func movesWithoutRecords() async throws {
        var owner = try await owner()
        let changes = try expressible([set(1, "a"), event(1, 1)])
        try await owner.apply(owner.batch(payloads(changes)))
        var empty = owner.batch([], lanes: Array(owner.lanes[1...2]))
        // A column of 32 bits is too small for this position.
        let after = SequenceNumber(rawValue: 1 << 40)
        empty.position = after
        let receipt = try await owner.apply(empty)
        try rule(SinkRule.emptyBatch).expect(receipt.deadLetters.count, 0, "dead letters")
        let before = SequenceNumber(rawValue: UInt64(changes.count))
        try await expectFenced(empty, into: owner.sink, "the same batch without records again", SinkRule.replay)
        try await expectPositions([before, after, after, before], SinkRule.emptyBatch)
        let late = owner.batch([], lanes: Array(owner.lanes[1...2]))
        try await expectFenced(late, into: owner.sink, "an earlier owner's batch without records", SinkRule.epochFence)
        try await expectPositions([before, after, after, before], SinkRule.emptyBatch)
        try await expectContents(after: changes, SinkRule.emptyBatch)
    }

    func takesLargestBatch() async throws {
        let limits = fixture.largestBatch
        var owner = try await owner()
        let many = (0..<max(0, limits.recordCount)).map { set($0 * 7 % max(1, limits.recordCount - 1), "v\($0)") }
        try await owner.apply(owner.batch(payloads(many)))
        let text = String(repeating: "0123456789abcdef", count: limits.valueSize / 16 + 1)
        let long = (0..<3).map { set($0, String(text.prefix(max(0, limits.valueSize - 1))) + "\($0)") }
        try await owner.apply(owner.batch(payloads(long)))
        try await expectContents(after: many + long, SinkRule.limits)
    }

    func appliesLanesConcurrently() async throws {
        let laneCount = 4
        let owner = try await owner(laneCount: laneCount)
        guard owner.sink.maxConcurrency > 1 else {
            throw CheckSkipped(reason: "the sink's maxConcurrency is \(owner.sink.maxConcurrency)")
        }
        let workers = min(laneCount, owner.sink.maxConcurrency)
        let lists = try (0..<workers).map { try numbers(5, inLane: $0, of: laneCount) }
        let rounds = 10
        // Later changes don't remove the event, so a lost batch stays visible.
        let changes: @Sendable (Int, Int) throws -> [SinkChange] = { lane, round in
            let number = lists[lane][0]
            return try lists[lane].map { set($0, "r\(round)") }
                + expressible([event((lane * rounds + round), number)])
        }
        try await withThrowingTaskGroup { group in
            for lane in 0..<workers {
                group.addTask {
                    var worker = owner
                    worker.lanes = [owner.lanes[lane]]
                    for round in 0..<rounds {
                        try await worker.apply(worker.batch(payloads(changes(lane, round))))
                    }
                }
            }
            try await group.waitForAll()
        }
        let all = try (0..<workers).flatMap { lane in try (0..<rounds).flatMap { try changes(lane, $0) } }
        try await expectContents(after: all, SinkRule.concurrency)
        let positions = (0..<laneCount).map {
            SequenceNumber(rawValue: $0 < workers ? UInt64(all.count / workers) : 0)
        }
        try await expectPositions(positions, SinkRule.concurrency)
    }

    func classifiesForeignErrors() async throws {
        let sink = try await sink()
        let failure = sink.classify(ForeignError())
        switch failure {
        case .fatal, .transient, .overloaded, .indeterminate: break
        case .record, .fenced:
            throw rule(SinkRule.blame).failure(
                expected: "fatal for an error that isn't the sink's own", found: "\(failure)")
        }
    }

    func closesAlone() async throws {
        let first = try await fixture.makeSink()
        var survivor: Owner
        do {
            survivor = try await owner()
        } catch {
            await first.close()
            throw error
        }
        await first.close()
        let changes = [set(1, "a")]
        try await survivor.apply(survivor.batch(payloads(changes)))
        try await expectPositions([1, 1, 1, 1], SinkRule.closing)
        try await expectContents(after: changes, SinkRule.closing)
    }
}

/// An error that belongs to no sink.
private struct ForeignError: Error {}
