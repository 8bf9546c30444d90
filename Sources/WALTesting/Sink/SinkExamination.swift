internal import WAL
internal import WALDelivery

/// A run of one check of ``SinkConformance``.
struct SinkExamination<Fixture: SinkFixture>: Sendable {
    typealias Owner = LaneOwner<Fixture.Tested>

    let fixture: Fixture
    let check: SinkConformance
    let leftovers = Leftovers()
    /// The id of the log that the check simulates.
    let log = LogID.random()
    /// The prefix of the keys and events of this run of the check.
    let token = "c" + String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16) + "-"

    func rule(_ text: String) -> Rule {
        Rule(check: check.rawValue, text: text)
    }

    // MARK: Changes

    func key(_ number: Int) -> String { "\(token)k\(number)" }

    func set(_ number: Int, _ value: String) -> SinkChange { .set(key: key(number), value: value) }
    func delete(_ number: Int) -> SinkChange { .delete(key: key(number)) }
    func event(_ id: Int, _ number: Int) -> SinkChange { .event(id: "\(token)e\(id)", key: key(number)) }
    func poison(_ number: Int) -> SinkChange { .poison(key: key(number)) }

    func has(_ change: SinkChange) throws -> Bool {
        try fixture.payload(for: change) != nil
    }

    func payload(_ change: SinkChange) throws -> [UInt8] {
        guard let payload = try fixture.payload(for: change) else {
            throw CheckSkipped(reason: "the fixture has no payload for \(change)")
        }
        return payload
    }

    func payloads(_ changes: [SinkChange]) throws -> [[UInt8]] {
        try changes.map(payload)
    }

    /// Returns the changes that the fixture can express.
    func expressible(_ changes: [SinkChange]) throws -> [SinkChange] {
        try changes.filter(has)
    }

    /// Returns `count` numbers whose keys belong to a lane.
    func numbers(_ count: Int, inLane lane: Int, of laneCount: Int) throws -> [Int] {
        var found: [Int] = []
        var number = 0
        while found.count < count {
            let payload = try payload(set(number, "v"))
            guard let hash = unsafe fixture.key(of: payload.span.bytes) else {
                throw rule(SinkRule.delivery).failure(expected: "a hash of key \(key(number))", found: "nil")
            }
            if hash % UInt64(laneCount) == UInt64(lane) { found.append(number) }
            number += 1
            guard number < 100_000 else {
                throw rule(SinkRule.delivery).failure(
                    expected: "hashes of keys in every lane", found: "none for lane \(lane) among \(number) keys")
            }
        }
        return found
    }

    // MARK: Owners

    /// The failures that may pass.
    private static var passing: Set<SinkFailure> { [.transient, .overloaded, .indeterminate] }

    func sink() async throws -> Fixture.Tested {
        let sink = try await fixture.makeSink()
        leftovers.add { await sink.close() }
        return sink
    }

    /// Returns a new sink that has claimed all lanes.
    func owner(laneCount: Int = 4, log other: LogID? = nil) async throws -> Owner {
        let sink = try await sink()
        let log = other ?? log
        let lanes = try await claim(laneCount, of: log, by: sink)
        return Owner(sink: sink, log: log, laneCount: laneCount, patience: fixture.patience, lanes: lanes)
    }

    /// Claims all lanes like a flusher. Retries while the destination is busy.
    func claim(_ laneCount: Int, of log: LogID, by sink: Fixture.Tested) async throws -> [SinkLane] {
        try await sink.retrying(Self.passing, for: fixture.patience) {
            try await sink.claim(0..<laneCount, of: laneCount, log: log)
        }
    }

    // MARK: Expectations

    /// Compares the contents with those that the changes make. A round of a check with its own keys and events names
    /// their prefix.
    func expectContents(after changes: [SinkChange], prefix: String = "", _ text: String) async throws {
        var expected = SinkContents()
        for change in changes { expected.apply(change) }
        let found = try await fixture.contents().with(prefix: prefix + token)
        guard found != expected else { return }
        let difference = expected.difference(to: found)
        throw rule(text).failure(expected: difference.mine, found: difference.other)
    }

    /// Checks the positions that a claim of all lanes returns. Returns the new owner of the lanes.
    @discardableResult
    func expectPositions(_ positions: [SequenceNumber], _ text: String) async throws -> Owner {
        let owner = try await owner(laneCount: positions.count)
        try rule(text).expect(owner.lanes.map(\.position), positions, "positions of the lanes")
        return owner
    }

    func expectFenced(_ batch: SinkBatch, into sink: Fixture.Tested, _ what: String, _ text: String) async throws {
        try await expect([.fenced], of: batch, into: sink, what, text)
    }

    /// Expects that a sink refuses a batch for which it has applied too few records. The sink may refuse it as fenced,
    /// or as indeterminate, after which a flusher claims the lanes again.
    func expectRefused(_ batch: SinkBatch, into sink: Fixture.Tested, _ what: String, _ text: String) async throws {
        try await expect([.fenced, .indeterminate], of: batch, into: sink, what, text)
    }

    private func expect(
        _ failures: [SinkFailure], of batch: SinkBatch, into sink: Fixture.Tested, _ what: String, _ text: String
    ) async throws {
        let names = failures.map { "\($0.kind)" }.joined(separator: " or ")
        do {
            // A slow destination may fail in this way before it examines the batch. If an attempt applied the batch
            // nevertheless, the destination's contents show it.
            _ = try await sink.retrying(Self.passing.subtracting(failures), for: fixture.patience) {
                try await sink.apply(batch)
            }
        } catch {
            let failure = sink.classify(error)
            if failures.contains(failure) { return }
            throw rule(text).failure(expected: "\(what) is refused as \(names)", found: "\(failure): \(error)")
        }
        throw rule(text).failure(expected: "\(what) is refused as \(names)", found: "it was applied")
    }
}
