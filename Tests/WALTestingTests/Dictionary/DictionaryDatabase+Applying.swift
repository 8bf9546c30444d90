import WAL
import WALDelivery
import WALTesting

extension DictionaryDatabase {
    func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
        if has(.appliesOutsideOfTransactions) { return try await applySlowly(batch) }
        if has(.losesConcurrentBatches) { return try await applyAlone(batch) }
        return try state.withLock { try apply(batch, to: &$0) }
    }

    /// Loses the rows of a batch that arrives while another batch is open. The first batch stays open until a second one arrives.
    private func applyAlone(_ batch: SinkBatch) async throws -> SinkReceipt {
        let isFirst = state.withLock { state in
            state.openBatches += 1
            return state.openBatches == 1
        }
        defer { state.withLock { $0.openBatches -= 1 } }
        if isFirst {
            try await wait { $0.openBatches > 1 || $0.hasLost }
            return try state.withLock { try apply(batch, to: &$0) }
        }
        return try state.withLock { state in
            state.hasLost = true
            try check(batch, in: state)
            move(batch, in: &state, [])
            return SinkReceipt(rowCount: 0)
        }
    }

    /// Checks the lanes, writes, and moves the lanes in three separate steps. If the check calls `claim`, that happens between
    /// them.
    private func applySlowly(_ batch: SinkBatch) async throws -> SinkReceipt {
        let claims = try state.withLock { state in
            try check(batch, in: state)
            return state.claimCount
        }
        try await wait { $0.claimCount > claims }
        var refused: [DeadLetter] = []
        state.withLock { refused = write(batch.records, to: &$0.contents) }
        state.withLock { move(batch, in: &$0, refused) }
        return SinkReceipt(rowCount: batch.records.count, deadLetters: refused)
    }

    /// Waits for a call of another task, which comes unless the check makes none.
    private func wait(until condition: (State) -> Bool) async throws {
        for _ in 0..<10_000 where !state.withLock({ condition($0) }) { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// Whether the batch's lanes have the epochs and positions that the database has.
    func wouldTake(_ batch: SinkBatch) -> Bool {
        state.withLock { state in (try? check(batch, in: state)) != nil }
    }

    func apply(_ batch: SinkBatch, to state: inout State, isChecked: Bool = true) throws -> SinkReceipt {
        if state.isClosed { throw Failure.closed }
        if has(.writesBeforeTheFence) { _ = write(batch.records, to: &state.contents) }
        if isChecked { try check(batch, in: state) }
        if has(.refusesEmptyBatches), batch.records.isEmpty { return SinkReceipt(rowCount: 0) }
        if let poison = batch.records.first(where: isPoison) {
            if has(.movesBeforeRows) {
                move(batch, in: &state, [])
                throw Failure.refused(poison.sequence)
            }
            if has(.blamesRecords) || has(.failsAtPoison) { throw Failure.refused(poison.sequence) }
            if has(.writesPartsOfBatches) {
                _ = write(Array(batch.records.prefix { !isPoison($0) }), to: &state.contents)
                throw Failure.refused(poison.sequence)
            }
        }
        let refused = write(batch.records, to: &state.contents)
        move(batch, in: &state, refused)
        return SinkReceipt(rowCount: batch.records.count, deadLetters: refused)
    }

    private func check(_ batch: SinkBatch, in state: State) throws {
        let log = has(.sharesPositions) ? LogID(low: 0, high: 0) : batch.log
        guard let known = state.logs[log] else { throw Failure.fenced }
        if has(.takesEmptyBatches), batch.records.isEmpty { return }
        var checked = batch.lanes
        if has(.checksOneLane) { checked = Array(checked.prefix(1)) }
        if has(.checksTheLastLane) { checked = Array(checked.suffix(1)) }
        for (number, lane) in checked.enumerated() {
            let mine = known.lanes[lane.index]
            if mine.epoch != lane.epoch, number == 0 || !has(.checksOneEpoch) {
                if has(.fencesAsBroken) { throw Failure.broken }
                if !has(.ignoresEpochs) { throw Failure.fenced }
            }
            if has(.fencesWholeLogs), known.lanes.contains(where: { $0.epoch > lane.epoch }) { throw Failure.fenced }
            if mine.position != lane.position, !has(.ignoresPositions) {
                if has(.takesPositionsAhead), lane.position > mine.position { continue }
                throw Failure.fenced
            }
        }
    }

    private func move(_ batch: SinkBatch, in state: inout State, _ refused: [DeadLetter]) {
        let log = has(.sharesPositions) ? LogID(low: 0, high: 0) : batch.log
        let moved = has(.movesOneLane) ? Array(batch.lanes.prefix(1)) : batch.lanes
        let stored = UInt32(truncatingIfNeeded: batch.position.rawValue)
        let position = has(.cutsPositions) ? SequenceNumber(rawValue: UInt64(stored)) : batch.position
        for lane in moved { state.logs[log]?.lanes[lane.index].position = position }
        if has(.movesAllLanes), let known = state.logs[log] {
            for lane in known.lanes { state.logs[log]?.lanes[lane.index].position = batch.position }
        }
        if !has(.forgetsDeadLetters) { state.logs[log]?.deadLetters += refused }
    }

    private func isPoison(_ record: SinkRecord) -> Bool {
        DictionaryPayload.change(of: record.payload).map { if case .poison = $0 { true } else { false } } ?? true
    }

    /// Returns the dead letters of the records that it can't write.
    func write(_ all: [SinkRecord], to contents: inout SinkContents) -> [DeadLetter] {
        var records = has(.reordersBatches) ? all.reversed() : all
        if has(.losesLargeBatches) { records = Array(records.prefix(1000)) }
        if has(.dropsNeighboursOfPoison), records.contains(where: isPoison) { records = records.filter(isPoison) }
        var refused: [DeadLetter] = []
        var deleted: [String] = []
        for record in records {
            switch DictionaryPayload.change(of: record.payload) {
            case .set(let key, let value):
                contents.values[key] = has(.cutsValues) ? String(value.prefix(1000)) : value
            case .delete(let key):
                if has(.deletesAtTheEnd) { deleted.append(key) }
                if !has(.losesDeletes) { contents.values[key] = nil }
            case .event(let id, _):
                contents.events[id, default: 0] += has(.appliesTwice) ? 2 : 1
            case .poison, nil:
                let letter = DeadLetter(sequence: record.sequence, code: "bad", reason: "not a change")
                if !has(.swallowsPoison) { refused.append(letter) }
                if has(.setsPoisonAsideTwice) { refused.append(letter) }
            }
        }
        for key in deleted { contents.values[key] = nil }
        return refused
    }
}
