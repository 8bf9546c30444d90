import Testing
import WAL
import WALDelivery
import WALJournal

/// A consumer of events gets each event decoded, and each undecodable record with its bytes.
@Suite struct JournalConsumerTests {
    private static let explicit = ConsumerConfiguration(
        acknowledgement: .explicit(window: 4), saveInterval: .milliseconds(5))

    @Test func inTheWritersProcess() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Payment>(log)
        try await journal.append(Payment(cents: 1, to: "Ann"))
        try await log.append(Array("no envelope".utf8))
        try await journal.append(Payment(cents: 3, to: "Ann")).waitUntilDurable()

        let consumer = try journal.consumer("mailer", configuration: Self.explicit)
        var found: [JournalEntry<Payment>] = []
        for try await delivery in consumer {
            found.append(delivery.entry)
            if case .undecodable(let record) = delivery.entry {
                try await delivery.park(record.description)
            } else {
                delivery.acknowledge()
            }
            if found.count == 3 { break }
        }
        #expect(found.values.map(\.cents) == [1, 3])
        #expect(found.undecodable.map(\.record.sequence) == [2])
        #expect(consumer.position == 3)
        try await consumer.close()
        #expect(log.cursors["consumer/mailer"] == 3)
        var letters = try DeadLetterReader(logDirectory: directory.path)
        let letter = try letters.next()
        #expect(letter?.payload == Array("no envelope".utf8))
        #expect(letter?.reason.contains("no envelope") == true)

        // Mended, it comes back as an event.
        var mended = try #require(letter)
        mended.payload = try EventFormat<Payment>.json().record(of: Payment(cents: 2, to: "Ann"))
        #expect(try await log.redrive([mended]) == 1)
        for try await entry in journal.entries(from: 4) {
            #expect([entry].values.map(\.cents) == [2])
            break
        }
        try await log.close()
    }

    @Test func inAnotherProcessWithTheSameFormat() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let format = EventFormat<Payment>.json(type: "payment", version: 2)
        let journal = Journal(log, format: format)
        try await journal.append(contentsOf: (1...3).map { Payment(cents: $0, to: "Ann") })
        try await log.sync()
        let reader = ReadOnlyJournal(try await ReadOnlyLog.waitForLog(at: directory.path), format: format)
        let consumer = try await reader.consumer(named: "search", configuration: Self.explicit)
        var batches = consumer.batches(of: 3, within: .seconds(60)).makeAsyncIterator()
        let batch = try #require(try await batches.next())
        #expect(batch.deliveries.map(\.entry).values.map(\.cents) == [1, 2, 3])
        batch.acknowledge()
        try await consumer.close()
        #expect(try reader.log.consumers.map(\.position) == [3])
        try await log.close()
    }
}
