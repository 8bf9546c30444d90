internal import WAL

/// With a real connection that breaks.
extension SinkExamination {
    private typealias Proxied = (owner: Owner, proxy: CuttingProxy)

    private func proxied() async throws -> Proxied {
        guard let (sink, proxy) = try await fixture.makeSinkBehindProxy() else {
            throw CheckSkipped(reason: "the fixture has no proxy")
        }
        leftovers.add { await sink.close() }
        do {
            let lanes = try await claim(4, of: log, by: sink)
            return (Owner(sink: sink, log: log, laneCount: 4, lanes: lanes), proxy)
        } catch {
            proxy.close()
            throw error
        }
    }

    /// A reply is kept back and the connection cut: the first, the second … until a batch needs no more replies than that.
    /// So one of the cuts is between the commit and its reply, whatever the sink's protocol.
    func survivesLostCommits() async throws {
        var (owner, proxy) = try await proxied()
        defer { proxy.close() }
        var done: [SinkChange] = []
        var lostCount = 0
        for number in 1...100 {
            let changes = try expressible([set(1, "v\(number)"), event(number, 2), set(3, "v\(number)")])
            let batch = try owner.batch(payloads(changes))
            proxy.cutBeforeReply(number)
            let cutsBefore = proxy.counts.cuts
            done += try await settle(batch, changes, &owner, after: done)
            let wasCut = proxy.counts.cuts > cutsBefore
            proxy.cancelCuts()
            if wasCut { lostCount += 1 } else { break }
        }
        guard lostCount > 0 else {
            throw CheckSkipped(reason: "nothing passed through the proxy")
        }
    }

    /// The connection breaks while the request is on its way.
    func survivesLostRequests() async throws {
        var (owner, proxy) = try await proxied()
        defer { proxy.close() }
        var done: [SinkChange] = []
        for (number, size) in [0, 1, 7, 64, 500, 2000].enumerated() {
            let changes = (0..<50).map { set($0, "v\(number)") }
            let batch = try owner.batch(payloads(changes))
            proxy.cut(after: size, from: .client)
            done += try await settle(batch, changes, &owner, after: done)
            proxy.cancelCuts()
        }
    }

    /// The destination can't be reached for a while; the sink finds back by itself.
    func survivesRefusedConnections() async throws {
        var (owner, proxy) = try await proxied()
        defer { proxy.close() }
        let changes = [set(1, "a"), set(2, "a")]
        let batch = try owner.batch(payloads(changes))
        proxy.isRefusing = true
        proxy.cut()
        for _ in 0..<3 {
            let error = try await rule(SinkRule.connection).expectError("a batch without a connection") {
                try await owner.sink.apply(batch)
            }
            try expectConnectionFailure(error, of: owner.sink)
        }
        proxy.isRefusing = false
        owner.lanes = try await claim(4, of: log, by: owner.sink)
        try rule(SinkRule.together).expect(owner.lanes.map(\.position), [0, 0, 0, 0], "positions afterwards")
        _ = try await settle(owner.batch(payloads(changes)), changes, &owner, after: [])
    }

    /// Cuts at any moment, under a flusher.
    func survivesCutsWhileDelivering() async throws {
        guard let (sink, proxy) = try await fixture.makeSinkBehindProxy() else {
            throw CheckSkipped(reason: "the fixture has no proxy")
        }
        defer { proxy.close() }
        let setting = DeliveryRun.Setting(workers: 2, batchSize: 4)
        let changes = try workload(150)
        let payloads = try payloads(changes)
        let log = try await deliveryLog(for: payloads)
        let outcome = try await deliver(log, into: WatchedSink(sink), setting) {
            for (index, payload) in payloads.enumerated() {
                try log.append([payload])
                guard index % 15 == 10 else { continue }
                try await Task.sleep(for: .milliseconds(index % 4 * 5))
                if index % 2 == 0 { proxy.cut() } else { proxy.cutBeforeReply(1 + index % 3) }
            }
            proxy.cancelCuts()
        }
        try expectDrained(outcome, setting, SinkRule.connection)
        try await expectContents(after: changes, SinkRule.once)
    }

    /// Applies a batch whatever happens to the connection, as a flusher does, and checks each step.
    private func settle(
        _ batch: SinkBatch, _ changes: [SinkChange], _ owner: inout Owner, after done: [SinkChange]
    ) async throws -> [SinkChange] {
        var batch = batch
        let deadline = ContinuousClock.now + fixture.patience
        while true {
            guard ContinuousClock.now < deadline else {
                throw rule(SinkRule.connection).failure(
                    expected: "the sink connects again", found: "still not after \(fixture.patience)")
            }
            do {
                _ = try await owner.sink.apply(batch)
                owner.moved(by: batch)
                try await expectContents(after: done + changes, SinkRule.once)
                return changes
            } catch  where !(error is ConformanceFailure) {
                let failure = owner.sink.classify(error)
                try expectConnectionFailure(error, of: owner.sink)
                let before = owner.lanes
                owner.lanes = try await claim(owner.laneCount, of: log, by: owner.sink)
                let positions = owner.lanes.map(\.position)
                if positions == before.map({ max($0.position, batch.position) }) {
                    if failure == .transient {
                        throw rule(SinkRule.transient).failure(
                            expected: "indeterminate for a batch that was applied", found: "transient for \(error)")
                    }
                    try await expectContents(after: done + changes, SinkRule.together)
                    return changes
                }
                try rule(SinkRule.together).expect(positions, before.map(\.position), "positions after \(error)")
                try await expectContents(after: done, SinkRule.together)
                batch.lanes = owner.lanes
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private func expectConnectionFailure(_ error: any Error, of sink: Fixture.Tested) throws {
        let failure = sink.classify(error)
        guard failure == .transient || failure == .indeterminate else {
            throw rule(SinkRule.connection).failure(
                expected: "transient or indeterminate", found: "\(failure) for \(error)")
        }
    }
}
