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

    /// Asks a sink for lanes that another sink claims and moves. A sink that remembers its own lanes, or that claims lanes
    /// to read them, fails.
    func reportsPositions() async throws {
        let sink = try await sink()
        guard let unclaimed = try await sink.positions(of: 0..<4, log: log) else {
            throw CheckSkipped(reason: "the sink returns nil from positions")
        }
        try rule(SinkRule.report).expect(unclaimed, [], "lanes of an unclaimed log")
        let other = LogID.random()
        let some = try await sink.claim(1..<3, of: 4, log: other)
        try await expectReport(some, by: sink, of: 0..<4, log: other, "lanes of a log with two claimed lanes")
        _ = try await sink.claim(0..<4, of: 4, log: log)
        var owner = try await owner()
        try await expectReport(owner.lanes, by: sink, of: 0..<4, log: log, "lanes that another owner has claimed")
        try await owner.apply(owner.batch(payloads([set(1, "a")])))
        let number = try numbers(1, inLane: 2, of: 4)[0]
        try await owner.apply(owner.batch(payloads([set(number, "b")]), lanes: [owner.lanes[2]]))
        for asked in [sink, owner.sink] {
            try await expectReport(owner.lanes, by: asked, of: 0..<4, log: log, "lanes that an owner has moved")
            try await expectReport(Array(owner.lanes[1...2]), by: asked, of: 1..<3, log: log, "some of these lanes")
        }
        try await expectReport(some, by: sink, of: 0..<4, log: other, "lanes that no owner has moved")
    }

    private func expectReport(
        _ lanes: [SinkLane], by sink: Fixture.Tested, of range: Range<Int>, log: LogID, _ what: String
    ) async throws {
        let found = try await sink.positions(of: range, log: log) ?? []
        try rule(SinkRule.report).expect(found.sorted { $0.index < $1.index }, lanes, what)
    }
}
