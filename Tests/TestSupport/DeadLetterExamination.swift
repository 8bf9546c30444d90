internal import Testing
internal import WAL
internal import WALDelivery
package import WALTasks

/// What each store must do with its dead letters, on an empty database.
package enum DeadLetterExamination: String, CaseIterable, Sendable {
    case letterHoldsTheWholeOperation
    case lettersAreListedInPages
    case redrivenLetterIsARowAgain
    case letterThatIsRefusedAgainStays
    case undecodableLetterIsNamed

    /// The payload of the tasks that the database refuses after `setRefusing(true)`.
    package static let poison = #""poison""#

    /// Runs the case.
    ///
    /// - Parameters:
    ///   - code: The code of the letters.
    ///   - reason: A part of the letters' reason.
    ///   - setRefusing: Starts or stops the refusal of tasks with the payload ``poison``.
    package func run<Store: SessionStore>(
        _ store: Store, code: String, reason: String, setRefusing: @escaping (Bool) throws -> Void
    ) async throws {
        let examined = Examined(store: store, code: code, reason: reason, setRefusing: setRefusing)
        switch self {
        case .letterHoldsTheWholeOperation: try await examined.letterHoldsTheWholeOperation()
        case .lettersAreListedInPages: try await examined.lettersAreListedInPages()
        case .redrivenLetterIsARowAgain: try await examined.redrivenLetterIsARowAgain()
        case .letterThatIsRefusedAgainStays: try await examined.letterThatIsRefusedAgainStays()
        case .undecodableLetterIsNamed: try await examined.undecodableLetterIsNamed()
        }
    }
}

private struct Examined<Store: SessionStore> {
    let store: Store
    let code: String
    let reason: String
    let setRefusing: (Bool) throws -> Void

    private func setAside(_ mutations: [TaskMutation]) async throws {
        try setRefusing(true)
        let lanes = try await store.claim(0..<1, of: 1, log: .ofTests)
        _ = try await store.apply(batch(mutations, lanes: lanes))
        try setRefusing(false)
    }

    private func id(_ sequence: SequenceNumber) -> StoredDeadLetter.ID {
        StoredDeadLetter.ID(log: .ofTests, sequence: sequence)
    }

    private func letters() async throws -> [StoredDeadLetter] {
        try await store.deadLetters(log: nil, after: nil, limit: 9)
    }

    func letterHoldsTheWholeOperation() async throws {
        let bad = task("b", payload: DeadLetterExamination.poison)
        try await setAside([.save(task("a")), .save(bad), .save(task("c"))])
        let letters = try await letters()
        #expect(letters.map(\.id) == [id(2)])
        #expect(letters.map(\.lane) == [0] && letters.map(\.kind) == ["save"] && letters.map(\.rowID) == ["b"])
        #expect(letters.map(\.body) == [TaskCodec.encode(.save(bad))])
        #expect(letters.map(\.code) == [code])
        #expect(letters.allSatisfy { $0.reason.contains(reason) && $0.time > time(0) })
    }

    func lettersAreListedInPages() async throws {
        try await setAside((1...5).map { .save(task("\($0)", payload: DeadLetterExamination.poison)) })
        let first = try await store.deadLetters(log: nil, after: nil, limit: 3)
        #expect(first.map(\.id.sequence) == [1, 2, 3])
        let second = try await store.deadLetters(log: .ofTests, after: first.last?.id, limit: 3)
        #expect(second.map(\.id.sequence) == [4, 5])
        #expect(try await store.deadLetters(log: LogID(low: 1, high: 1), after: nil, limit: 3).isEmpty)
        let refused = await TestSupport.code { _ = try await store.deadLetters(log: nil, after: nil, limit: -1) }
        #expect(refused == .invalidArgument)
    }

    func redrivenLetterIsARowAgain() async throws {
        let bad = task("b", payload: DeadLetterExamination.poison)
        try await setAside([.save(bad)])
        try await store.redrive(id(1))
        #expect(try await store.task(id: "b") == bad)
        #expect(try await letters().isEmpty)
        try await store.deleteTask(id: "b")
        try await store.redrive(id(1))
        #expect(try await store.task(id: "b") == nil)
    }

    func letterThatIsRefusedAgainStays() async throws {
        try await setAside([.save(task("b", payload: DeadLetterExamination.poison))])
        try setRefusing(true)
        #expect(await TestSupport.code { try await store.redrive(id(1)) } == .rowRefused)
        #expect(try await letters().count == 1)
        try await store.discard(id(1))
        #expect(try await letters().isEmpty)
    }

    func undecodableLetterIsNamed() async throws {
        var batch = batch([], lanes: try await store.claim(0..<1, of: 1, log: .ofTests))
        batch.position = 1
        batch.undecodable = [
            (
                SinkRecord(sequence: 1, time: time(0), payload: [9]),
                DeadLetter(sequence: 1, code: "codec", reason: "unknown")
            )
        ]
        _ = try await store.apply(batch)
        #expect(await TestSupport.code { try await store.redrive(id(1)) } == .rowUnreadable)
        #expect(try await letters().map(\.body) == [[9]])
        #expect(try await letters().map(\.kind) == ["undecodable"])
    }
}
