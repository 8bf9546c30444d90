internal import WAL
internal import WALDelivery

extension SinkExamination {
    /// Returns changes in which each bad record has its own key. A sink that coalesces may leave out a record that a
    /// later record of its key replaces.
    private func changes(count: Int, poisonAt places: Set<Int>) -> [SinkChange] {
        (0..<count).map { places.contains($0) ? poison(100 + $0) : set($0 % 3, "v\($0)") }
    }

    private func number(_ place: Int) -> SequenceNumber { SequenceNumber(rawValue: UInt64(place) + 1) }

    /// Applies a bad record without a flusher. Rows, position and receipt must stay consistent.
    func setsPoisonAsideWhole() async throws {
        let places: Set = [2]
        let changes = changes(count: 5, poisonAt: places)
        let payloads = try payloads(changes)
        var owner = try await owner()
        let before = [set(9, "a")]
        try await owner.apply(owner.batch(self.payloads(before)))
        let batch = owner.batch(payloads)
        let rule = rule(SinkRule.poison)
        do {
            let receipt = try await owner.applyUnmoved(batch)
            try rule.expect(
                receipt.deadLetters.map(\.sequence), [batch.records[2].sequence], "dead letters in the receipt")
            if let kept = try await fixture.deadLetters(of: log) {
                try rule.expect(kept, [batch.records[2].sequence], "dead letters in the destination")
            }
            try await expectContents(after: before + changes, SinkRule.poison)
            try await expectPositions([6, 6, 6, 6], SinkRule.together)
        } catch  where !(error is ConformanceFailure) {
            guard case .record = owner.sink.classify(error) else {
                throw rule.failure(
                    expected: "classify blames the record", found: "\(owner.sink.classify(error)) for \(error)")
            }
            try await expectContents(after: before, SinkRule.together)
            try await expectPositions([1, 1, 1, 1], SinkRule.together)
        }
    }

    /// Delivers bad records at different places of a batch through a flusher. All good records must arrive, and each
    /// bad record must become a dead letter exactly once.
    func setsPoisonAside() async throws {
        let count = 9
        let settings: [Set<Int>] = [[0], [4], [8], [1, 2, 3, 7], Set(0..<count)]
        for (round, places) in settings.enumerated() {
            let setting = DeliveryRun.Setting(workers: 1 + round % 2, batchSize: count)
            let changes = changes(count: count, poisonAt: places).map { $0.renamed(by: "r\(round)-") }
            let payloads = try payloads(changes)
            let log = try await deliveryLog(for: payloads)
            try log.append(payloads)
            let sink = WatchedSink(try await fixture.makeSink())
            try await expectDrained(deliver(log, into: sink, setting), setting, SinkRule.poison)
            try await expectContents(after: changes, prefix: "r\(round)-", SinkRule.poison)
            let own = sink.notes.deadLetters.map(\.sequence)
            let found = try await own + log.deadLetters().map(\.sequence)
            let rule = rule(SinkRule.poison)
            try rule.expect(found.sorted(), places.map(number).sorted(), "dead letters")
            if let kept = try await fixture.deadLetters(of: log.log.id) {
                try rule.expect(kept.sorted(), own.sorted(), "dead letters in the destination")
            }
        }
    }
}
