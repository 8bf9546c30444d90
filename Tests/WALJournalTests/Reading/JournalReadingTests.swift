import Foundation
import TestSupport
import Testing
import WAL

@testable import WALJournal

/// A reader that skips an event, or ends at an undecodable one, gives a program fewer events than were recorded.
@Suite struct JournalReadingTests {
    private struct OldPayment: Codable {
        var euros: Int
    }

    @Test func fromANumberOrATimeUpToOne() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Payment>(log)
        for cents in 1...5 { try await journal.append(Payment(cents: cents, to: "")) }
        let start = Timestamp.now
        // Record times have the resolution of the kernel's tick.
        try await eventually { Timestamp.now > start }
        let middle = Timestamp.now
        for cents in 6...10 { try await journal.append(Payment(cents: cents, to: "")) }

        #expect(try await collect(journal.entries(from: 3, through: 6)).values.map(\.cents) == [3, 4, 5, 6])
        let later = try await collect(journal.entries(since: middle).finishingAtEnd())
        #expect(later.values.map(\.cents) == Array(6...10))
        let early = try await collect(journal.entries(since: Timestamp(rawValue: 0), until: start).finishingAtEnd())
        #expect(early.values.map(\.cents) == Array(1...5))
        let none = try await collect(journal.entries(since: Timestamp.now + .seconds(60)).finishingAtEnd())
        #expect(none.isEmpty)
        try await log.close()
    }

    @Test func aLiveSequenceWaitsAndFinishesWithTheLog() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Payment>(log)
        let reading = Task { try await collect(journal.entries(from: 2)) }
        for cents in 1...20 { try await journal.append(Payment(cents: cents, to: "")) }
        try await log.close()
        #expect(try await reading.value.values.map(\.cents) == Array(2...20))
    }

    @Test func anEndingSequenceOfAnEmptyLogIsEmpty() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        #expect(try await collect(Journal<Payment>(log).entries().finishingAtEnd()).isEmpty)
        #expect(try await collect(log.records().finishingAtEnd()).isEmpty)
        #expect(try Journal<Payment>(log).last(3).isEmpty)
        try await log.close()
    }

    @Test func theLastOnesNewestFirst() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Payment>(log)
        for cents in 1...100 {
            try await journal.append(Payment(cents: cents, to: ""))
            if cents % 30 == 0 { try await log.roll() }
        }
        #expect(try journal.last(3).values.map(\.cents) == [100, 99, 98])
        #expect(try journal.last(45).values.map(\.cents) == (56...100).reversed())
        #expect(try journal.last(1000).values.map(\.cents) == (1...100).reversed())
        #expect(try journal.last(0).isEmpty)
        #expect(try journal.last(-1).isEmpty)
        let reader = ReadOnlyJournal<Payment>(try ReadOnlyLog(at: directory.path))
        #expect(try reader.last(3).values.map(\.cents) == [100, 99, 98])
        #expect(try await collect(reader.entries(from: 98).finishingAtEnd()).values.map(\.cents) == [98, 99, 100])
        try await log.close()
    }

    /// Retention has removed the first records. They are one gap, and the rest follows.
    @Test func aGapIsAnElement() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small
        configuration.retention = WriteAheadLog.Retention(totalSize: 0)
        let log = try await openLog(directory, configuration)
        let journal = Journal<Payment>(log)
        for cents in 1...30 {
            try await journal.append(Payment(cents: cents, to: ""))
            if cents % 10 == 0 { try await log.roll() }
        }
        try await log.sync()
        await log.applyRetention()
        let first = log.firstSequence
        #expect(first > 1)
        let entries = try await collect(journal.entries(from: 1).finishingAtEnd())
        #expect(entries.gaps.map(\.first) == [1])
        #expect(entries.gaps.first?.reason == .removed)
        #expect(entries.gaps.first?.next == first)
        #expect(entries.values.map { UInt64($0.cents) } == Array(first.rawValue...30))
        #expect(entries.first?.event == nil)
        // At most the last events that exist.
        #expect(try journal.last(40).values.count == Int(31 - first.rawValue))
        try await log.close()
    }

    /// The log ends with numbers without a record, so the last events are before them.
    @Test func theLastOnesAreBeforeSkippedNumbers() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Payment>(log)
        for cents in 1...10 { try await journal.append(Payment(cents: cents, to: "")) }
        _ = try await log.skipSequences(through: 1000)
        try await journal.append(Payment(cents: 1001, to: ""))
        let last = try journal.last(3)
        #expect(last.values.map(\.cents) == [1001, 10, 9])
        #expect(last.gaps.map(\.reason) == [.skipped])
        #expect(last.gaps.map(\.first) == [11])
        #expect(last.count == 4)
        try await log.close()
    }

    /// A promotion skips 2^40 numbers. The search must not read all records before them.
    @Test func theLastOnesBeforeManySkippedNumbersAreReadAlone() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Payment>(log)
        for cents in 1...1000 { try await journal.append(Payment(cents: cents, to: "")) }
        _ = try await log.skipSequences(through: SequenceNumber(rawValue: 1 << 40))
        try await journal.append(Payment(cents: 1001, to: ""))
        try await log.close()
        let closed = try ReadOnlyLog(at: directory.path)
        var starts: [SequenceNumber] = []
        let entries = try LastEntries.find(
            3, first: 1, last: closed.lastSequence, in: { () throws(WALError) in try closed.segments }
        ) { start in
            starts.append(start)
            return closed.reader(from: start)
        }
        #expect(entries.count == 4 && starts.count > 1 && starts.allSatisfy { $0 >= 990 }, "\(starts)")
        let last = try ReadOnlyJournal<Payment>(closed).last(3)
        #expect(last.values.map(\.cents) == [1001, 1000, 999])
        #expect(last.gaps.map(\.first) == [1001])
    }

    @Test func whatCannotBeDecodedIsAnElementWithItsBytes() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let format = EventFormat<Payment>.json(type: "payment", version: 2)
        let journal = Journal(log, format: format)
        try await journal.append(Payment(cents: 1, to: ""))
        try await log.append(Array("no envelope".utf8))
        try await Journal(log, format: EventFormat<[UInt8]>.bytes(type: "payment", version: 2)).append([0xFF])
        try await Journal(log, format: EventFormat<OldPayment>.json(type: "payment", version: 1)).append(
            OldPayment(euros: 3))
        try await Journal(log, format: EventFormat<[UInt8]>.bytes(type: "refund", version: 2)).append([1])
        try await journal.append(Payment(cents: 6, to: ""))

        let entries = try await collect(journal.entries().finishingAtEnd())
        #expect(entries.values.map(\.cents) == [1, 6])
        let bad = entries.undecodable
        #expect(bad.map(\.record.sequence) == [2, 3, 4, 5])
        #expect(bad.first?.record.payload == Array("no envelope".utf8))
        #expect(bad.first?.reason == .noEnvelope)
        guard case .payload(let message) = bad[1].reason else { return #expect(Bool(false), "\(bad[1])") }
        #expect(!message.isEmpty)
        #expect(bad[2].reason == .otherFormat(type: "payment", version: 1))
        #expect(bad[3].reason == .otherFormat(type: "refund", version: 2))
        #expect(bad.allSatisfy { $0.description.contains("record \($0.record.sequence)") })
        try await log.close()
    }

    @Test func oldVersionsDecodeThroughAFunction() async throws {
        struct Unknown: Error {}
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let format = EventFormat<Payment>.json(type: "payment", version: 2) { old in
            guard old.type == "payment", old.version == 1 else { throw Unknown() }
            let payment = try JSONCoder<OldPayment>().decode(old.payload.span.bytes)
            return Payment(cents: payment.euros * 100, to: old.attributes["to"] ?? "")
        }
        try await Journal(log, format: EventFormat<OldPayment>.json(type: "payment", version: 1)).append(
            OldPayment(euros: 3), attributes: ["to": "Ann"])
        try await Journal(log, format: EventFormat<OldPayment>.json(type: "payment", version: 0)).append(
            OldPayment(euros: 4))
        let journal = Journal(log, format: format)
        try await journal.append(Payment(cents: 5, to: "Bob"))
        let entries = try await collect(journal.entries().finishingAtEnd())
        #expect(entries.values == [Payment(cents: 300, to: "Ann"), Payment(cents: 5, to: "Bob")])
        #expect(entries.undecodable.map(\.record.sequence) == [2])
        #expect(entries.first?.event?.attributes == ["to": "Ann"])
        try await log.close()
    }
}
