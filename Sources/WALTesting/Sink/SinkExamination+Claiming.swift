internal import WAL
internal import WALDelivery

extension SinkExamination {
    func startsAtZero() async throws {
        let sink = try await sink()
        try await rule(SinkRule.newLanes).expect(
            sink.claim(1..<3, of: 4, log: log), (1..<3).map { SinkLane(index: $0, epoch: 1, position: .zero) })
        try await rule(SinkRule.newLanes).expect(
            sink.claim(0..<1, of: 4, log: log), [SinkLane(index: 0, epoch: 1, position: .zero)])
    }

    func raisesEpochs() async throws {
        let first = try await sink()
        _ = try await first.claim(0..<4, of: 4, log: log)
        let second = try await sink()
        let rule = rule(SinkRule.epochs)
        try await rule.expect(second.claim(1..<3, of: 4, log: log).map(\.epoch), [2, 2])
        try await rule.expect(first.claim(0..<4, of: 4, log: log).map(\.epoch), [2, 3, 3, 2])
        try await rule.expect(first.claim(3..<4, of: 4, log: log).map(\.epoch), [3])
    }

    func keepsPositions() async throws {
        var owner = try await owner()
        let changes = [set(1, "a"), set(2, "b"), set(3, "c")]
        try await owner.apply(owner.batch(payloads(changes)))
        owner = try await expectPositions([3, 3, 3, 3], SinkRule.positions)
        let number = try numbers(1, inLane: 2, of: 4)[0]
        try await owner.apply(owner.batch(payloads([set(number, "d")]), lanes: [owner.lanes[2]]))
        try await expectPositions([3, 3, 4, 3], SinkRule.positions)
        try await expectContents(after: changes + [set(number, "d")], SinkRule.together)
    }

    func refusesOtherLaneCount() async throws {
        let sink = try await sink()
        _ = try await sink.claim(0..<4, of: 4, log: log)
        let rule = rule(SinkRule.laneCount)
        for (lanes, count) in [(0..<8, 8), (0..<2, 2), (0..<1, 8)] {
            let error = try await rule.expectError("claiming lanes \(lanes) of \(count) of a log that had 4") {
                try await sink.claim(lanes, of: count, log: log)
            }
            try self.rule(SinkRule.claimFailure).expect(sink.classify(error), .fatal, "classify of \(error)")
        }
        try await rule.expect(sink.claim(0..<4, of: 4, log: log).map(\.epoch), [2, 2, 2, 2], "epochs afterwards")
    }

    func keepsLogsApart() async throws {
        var first = try await owner()
        try await first.apply(first.batch(payloads([set(1, "a")])))
        var second = try await owner(laneCount: 8, log: .random())
        let rule = rule(SinkRule.logs)
        try rule.expect(second.lanes, (0..<8).map { SinkLane(index: $0, epoch: 1, position: .zero) })
        try await second.apply(second.batch(payloads([set(2, "b"), set(3, "c")])))
        try await first.claimAgain()
        try rule.expect(first.lanes, (0..<4).map { SinkLane(index: $0, epoch: 2, position: 1) })
        try await expectContents(after: [set(1, "a"), set(2, "b"), set(3, "c")], SinkRule.once)
    }
}
