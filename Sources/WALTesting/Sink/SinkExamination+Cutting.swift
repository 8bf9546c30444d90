internal import WAL
internal import WALDelivery

/// These checks break a real connection.
extension SinkExamination {
    private typealias Proxied = (owner: Owner, proxy: CuttingProxy)

    private func proxied() async throws -> Proxied {
        guard let (sink, proxy) = try await fixture.makeSinkBehindProxy() else {
            throw CheckSkipped(reason: "the fixture has no proxy")
        }
        leftovers.add { await sink.close() }
        do {
            let lanes = try await claim(4, of: log, by: sink)
            return (Owner(sink: sink, log: log, laneCount: 4, patience: fixture.patience, lanes: lanes), proxy)
        } catch {
            proxy.close()
            throw error
        }
    }

    /// Drops a reply and cuts the connection: at the first reply, at the second, and so on, until a batch needs no more
    /// replies. So one of the cuts falls between the commit and its reply, whatever protocol the sink uses.
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

    /// Breaks the connection during the request.
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

    /// Makes the destination unreachable for a while. The sink must reconnect by itself.
    func survivesRefusedConnections() async throws {
        var (owner, proxy) = try await proxied()
        defer { proxy.close() }
        let changes = [set(1, "a"), set(2, "a")]
        let batch = try owner.batch(payloads(changes))
        proxy.isRefusing = true
        proxy.cut()
        var errors: [any Error] = []
        for _ in 0..<3 {
            let error = try await rule(SinkRule.connection).expectError("a batch without a connection") {
                try await owner.sink.apply(batch)
            }
            try expectConnectionFailure(error, of: owner.sink)
            errors.append(error)
        }
        proxy.isRefusing = false
        // A client library may keep the request and send it over the next connection.
        if try await isApplied(batch, changes, &owner, after: [], despite: errors) { return }
        _ = try await settle(owner.batch(payloads(changes)), changes, &owner, after: [])
    }

    /// Breaks the connection under a flusher, in two series.
    ///
    /// The first series breaks it before each reply of the conversation in turn, from the first claim to the last
    /// batch. It ends when a delivery needs no more replies. The second series breaks it within the requests, a
    /// sixteenth of their bytes later each time. The places of the cuts are counted in replies and bytes, so no bug
    /// depends on the time of a cut.
    func survivesCutsWhileDelivering() async throws {
        for workers in [1, 2] {
            let setting = DeliveryRun.Setting(workers: workers, batchSize: 4)
            var counts = CuttingProxy.Counts()
            for number in 1...Self.repliesMax {
                counts = try await deliverCut("w\(workers)r\(number)-", setting) { $0.cutBeforeReply(number) }
                if counts.cuts == 0 {
                    guard number > 1 else { throw CheckSkipped(reason: "nothing passed through the proxy") }
                    break
                }
            }
            let requestSize = counts.bytes[.client] ?? 0
            for part in 0..<Self.requestParts {
                let size = requestSize * part / Self.requestParts
                _ = try await deliverCut("w\(workers)p\(part)-", setting) { $0.cut(after: size, from: .client) }
            }
        }
    }

    /// A number of replies that no delivery of two batches needs.
    private static var repliesMax: Int { 200 }
    private static var requestParts: Int { 16 }

    /// Delivers two batches through a new connection, and checks the destination. `order` makes the proxy cut the
    /// connection once.
    private func deliverCut(
        _ prefix: String, _ setting: DeliveryRun.Setting, order: (CuttingProxy) -> Void
    ) async throws -> CuttingProxy.Counts {
        // Each batch contains a change that reveals a second application.
        let changes = try expressible(
            (0..<8).map { number in
                switch number % 4 {
                case 1: event(number, number)
                case 3: delete(number - 1)
                default: set(number, "v")
                }
            }
        ).map { $0.renamed(by: prefix) }
        let payloads = try payloads(changes)
        let log = try await deliveryLog(for: payloads)
        // All records are appended before the delivery, so that batches and requests are the same each time.
        try log.append(payloads)
        guard let (sink, proxy) = try await fixture.makeSinkBehindProxy() else {
            throw CheckSkipped(reason: "the fixture has no proxy")
        }
        defer { proxy.close() }
        order(proxy)
        let outcome = try await deliver(log, into: WatchedSink(sink), setting)
        try expectDrained(outcome, setting, SinkRule.connection)
        try await expectContents(after: changes, prefix: prefix, SinkRule.once)
        await leftovers.closeAll()
        return proxy.counts
    }

    /// Applies a batch despite all breaks of the connection, as a flusher does, and checks each step.
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
                try expectConnectionFailure(error, of: owner.sink)
                if try await isApplied(batch, changes, &owner, after: done, despite: [error]) { return changes }
                batch.lanes = owner.lanes
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// Claims the lanes again, and checks that a batch is applied either whole or not at all. Returns whether it is
    /// applied.
    ///
    /// - Parameter errors: The errors of the attempts to apply the batch. If all of them are transient, they promise
    ///   that the batch isn't applied.
    private func isApplied(
        _ batch: SinkBatch, _ changes: [SinkChange], _ owner: inout Owner, after done: [SinkChange],
        despite errors: [any Error]
    ) async throws -> Bool {
        let before = owner.lanes.map(\.position)
        owner.lanes = try await claim(owner.laneCount, of: log, by: owner.sink)
        let positions = owner.lanes.map(\.position)
        guard positions == before.map({ max($0, batch.position) }) else {
            try rule(SinkRule.together).expect(positions, before, "positions after \(errors)")
            try await expectContents(after: done, SinkRule.together)
            return false
        }
        guard errors.contains(where: { owner.sink.classify($0) != .transient }) else {
            throw rule(SinkRule.transient).failure(
                expected: "indeterminate for a batch that was applied", found: "transient for \(errors)")
        }
        try await expectContents(after: done + changes, SinkRule.together)
        return true
    }

    private func expectConnectionFailure(_ error: any Error, of sink: Fixture.Tested) throws {
        let failure = sink.classify(error)
        guard failure == .transient || failure == .indeterminate else {
            throw rule(SinkRule.connection).failure(
                expected: "transient or indeterminate", found: "\(failure) for \(error)")
        }
    }
}
