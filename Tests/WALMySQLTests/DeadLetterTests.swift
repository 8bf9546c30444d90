#if MySQL
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    @testable import WALMySQL

    @Suite(.enabled(if: PrivateServer.isWanted, PrivateServer.reason))
    struct DeadLetterTests {
        let database: TestDatabase
        let store: MySQLTaskStore

        init() async throws {
            database = try TestDatabase()
            store = try await database.store()
        }

        private func setAside(_ mutations: [TaskMutation]) async throws {
            try database.execute(Poison.abort)
            let lanes = try await store.claim(0..<1, of: 1, log: log)
            _ = try await store.apply(batch(mutations, lanes: lanes))
            try database.execute("DROP TRIGGER refuse")
        }

        private func id(_ sequence: SequenceNumber) -> StoredDeadLetter.ID {
            StoredDeadLetter.ID(log: log, sequence: sequence)
        }

        @Test func letterHoldsTheWholeOperation() async throws {
            let bad = task("b", payload: Poison.payload)
            try await setAside([.save(task("a")), .save(bad), .save(task("c"))])
            let letters = try await store.deadLetters(log: log, after: nil, limit: 9)
            #expect(letters.map(\.id) == [id(2)])
            #expect(letters.map(\.lane) == [0] && letters.map(\.kind) == ["save"] && letters.map(\.rowID) == ["b"])
            #expect(letters.map(\.body) == [TaskCodec.encode(.save(bad))])
            #expect(letters.map(\.code) == ["1644"] && letters.map(\.reason) == ["no poison here"])
            #expect(letters.allSatisfy { $0.time > time(0) })
        }

        @Test func lettersAreListedInPages() async throws {
            try await setAside((1...5).map { .save(task("\($0)", payload: Poison.payload)) })
            let first = try await store.deadLetters(log: nil, after: nil, limit: 3)
            #expect(first.map(\.id.sequence) == [1, 2, 3])
            let second = try await store.deadLetters(log: log, after: first.last?.id, limit: 3)
            #expect(second.map(\.id.sequence) == [4, 5])
            #expect(try await store.deadLetters(log: LogID(low: 1, high: 1), after: nil, limit: 3).isEmpty)
            #expect(await code { _ = try await store.deadLetters(log: nil, after: nil, limit: -1) } == .invalidArgument)
        }

        @Test func redrivenLetterIsARowAgain() async throws {
            let bad = task("b", payload: Poison.payload)
            try await setAside([.save(bad)])
            try await store.redrive(id(1))
            #expect(try await store.task(id: "b") == bad)
            #expect(try await store.deadLetters(log: nil, after: nil, limit: 9).isEmpty)
            try await store.deleteTask(id: "b")
            try await store.redrive(id(1))
            #expect(try await store.task(id: "b") == nil)
        }

        @Test func letterThatIsRefusedAgainStays() async throws {
            try await setAside([.save(task("b", payload: Poison.payload))])
            try database.execute(Poison.abort)
            #expect(await code { try await store.redrive(id(1)) } == .rowRefused)
            #expect(try await store.deadLetters(log: nil, after: nil, limit: 9).count == 1)
            try await store.discard(id(1))
            #expect(try await store.deadLetters(log: nil, after: nil, limit: 9).isEmpty)
        }

        @Test func undecodableLetterIsNamed() async throws {
            var batch = batch([], lanes: try await store.claim(0..<1, of: 1, log: log))
            batch.position = 1
            batch.undecodable = [
                (
                    SinkRecord(sequence: 1, time: time(0), payload: [9]),
                    DeadLetter(sequence: 1, code: "codec", reason: "unknown")
                )
            ]
            _ = try await store.apply(batch)
            #expect(await code { try await store.redrive(id(1)) } == .rowUnreadable)
            #expect(try await store.deadLetters(log: nil, after: nil, limit: 9).map(\.body) == [[9]])
        }
    }
#endif
