import Testing
import WAL
import WALJournal

/// An appended event is read back unchanged, at its number. If the append throws, nothing was appended.
@Suite struct JournalAppendingTests {
    @Test func anEventComesBackAfterAnotherOpening() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let receipt = try await Journal<Payment>(log).append(
            Payment(cents: 2000, to: "Ann"), attributes: ["traceparent": "00-1"])
        #expect(receipt.sequence == 1)
        try await receipt.waitUntilDurable()
        #expect(log.durableSequence == 1)
        try await log.close()

        let again = try await openLog(directory)
        let entries = try await collect(Journal<Payment>(again).entries().finishingAtEnd())
        let event = try #require(entries.first?.event)
        #expect(entries.count == 1)
        #expect(event.value == Payment(cents: 2000, to: "Ann"))
        #expect(event.attributes == ["traceparent": "00-1"])
        #expect(event.sequence == 1)
        #expect(abs(event.time.rawValue - Timestamp.now.rawValue) < 600_000_000)
        try await again.close()
    }

    @Test func severalEventsAreOneFrame() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Payment>(log)
        try await journal.append(Payment(cents: 0, to: ""))
        let payments = (1...10).map { Payment(cents: $0, to: "Ann") }
        let receipt = try await journal.append(
            contentsOf: payments, attributes: ["a": "b"], bookmark: Bookmark(name: "input", position: 7))
        #expect(receipt.sequences == 2...11)
        #expect(log.bookmarks["input"]?.position == 7)
        let entries = try await collect(journal.entries(from: 2, through: 11))
        #expect(entries.values == payments)
        #expect(entries.allSatisfy { $0.event?.attributes == ["a": "b"] })
        try await log.close()
    }

    /// Events of one batch exist together: an event that can't be encoded keeps all of them out.
    @Test func aBatchWithABadEventAppendsNothing() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal<Double>(log)
        await #expect {
            try await journal.append(contentsOf: [1, .infinity])
        } throws: { error in
            let error = error as? WALError
            return error?.code == .invalidArgument && error?.cause is EncodingError
        }
        await #expect(throws: WALError.self) { try await journal.append(.nan) }
        await #expect(throws: WALError.self) { try await journal.append(contentsOf: []) }
        #expect(log.lastSequence == 0)
        try await log.close()
    }

    @Test(arguments: [0, 1, 500, 513, 5000, 30_000]) func bytesComeBackInEverySize(_ size: Int) async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let journal = Journal(log, format: EventFormat<[UInt8]>.bytes(type: "blob"))
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await journal.append(bytes)
        try await journal.append(contentsOf: [bytes, [1]])
        let entries = try await collect(journal.entries().finishingAtEnd())
        #expect(entries.map { $0.event?.value } == [bytes, bytes, [1]])
        try await log.close()
    }

    /// A user's coder whose size is only known after encoding.
    private struct LineCoder: RecordCoder {
        struct Refused: Error {}

        func encode(_ event: String) throws -> [UInt8] {
            guard !event.contains("\n") else { throw Refused() }
            return Array(event.utf8)
        }

        func decode(_ payload: RawSpan) throws -> String {
            let bytes = payload.withUnsafeBytes { Array($0) }
            guard let text = String(validating: bytes, as: UTF8.self) else { throw Refused() }
            return text
        }
    }

    /// A user's coder that writes directly into the log's memory.
    private struct NumberCoder: SizedRecordCoder {
        struct Refused: Error {}

        func size(of event: UInt32) -> Int { 4 }

        func write(_ event: UInt32, into output: inout OutputRawSpan) {
            for shift in [0, 8, 16, 24] { output.append(UInt8(truncatingIfNeeded: event >> UInt32(shift))) }
        }

        func decode(_ payload: RawSpan) throws -> UInt32 {
            guard payload.byteCount == 4 else { throw Refused() }
            return payload.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self).littleEndian }
        }
    }

    @Test func codersOfOnesOwn() async throws {
        let directory = TemporaryDirectory()
        let log = try await openLog(directory)
        let lines = Journal(log, format: EventFormat(LineCoder(), type: "line"))
        let numbers = Journal(log, format: EventFormat(NumberCoder(), type: "number"))
        try await lines.append("one")
        try await numbers.append(0x0102_0304)
        try await numbers.append(contentsOf: [5, 6])
        await #expect(throws: WALError.self) { try await lines.append("a\nb") }
        #expect(try NumberCoder().encode(0x0102_0304) == [4, 3, 2, 1])
        let found = try await collect(numbers.entries().finishingAtEnd())
        #expect(found.compactMap { $0.event?.value } == [0x0102_0304, 5, 6])
        #expect(try lines.last(4).compactMap { $0.event?.value } == ["one"])
        try await log.close()
    }
}
