import Foundation
import Synchronization
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// Dead letters beside a log that no one could get rid of: the row of an order was missing forever. A letter must come back
/// once, whatever kills the process, and a letter that is settled must not be shown any more.
@Suite struct RedriveTests {
    /// Appends records, of which a flusher sets some aside, and runs `body` with the flusher.
    private func withLetters(
        _ poison: Set<UInt64>, of count: Int = 20, logger: RecordingLog? = nil,
        _ body: @Sendable @escaping (FlusherHarness, RecordingSink, [DeadLetterRecord]) async throws -> Void
    ) async throws {
        let harness = try FlusherHarness()
        try harness.append(count)
        let sink = RecordingSink(poison: poison)
        let flusher = harness.flusher(into: sink, FlusherHarness.configuration(), logger: logger?.logger)
        _ = try await harness.run(flusher) {
            try await flusher.drain()
            let letters = try harness.deadLetters()
            #expect(Set(letters.map(\.sequence.rawValue)) == poison)
            try await body(harness, sink, letters)
            try await flusher.drain()
        }
        #expect(sink.snapshot.breaches.isEmpty)
    }

    @Test func aRedrivenLetterIsANewRecordAndNoLetterAnyMore() async throws {
        let messages = RecordingLog()
        try await withLetters([4, 9], logger: messages) { harness, sink, letters in
            #expect(try await harness.log.redrive(letters) == 2)
            #expect(try harness.deadLetters().isEmpty)
            // Who has read the letters before, and redrives them again, appends nothing.
            #expect(try await harness.log.redrive(letters + letters) == 0)
            #expect(harness.log.lastSequence == 22)
            try await harness.log.waitUntilApplied(22, by: "recording")
            #expect(Set(sink.snapshot.rows.map(\.sequence)) == Set(1...22).subtracting([4, 9]))
            let reader = harness.log.reader(from: 21)
            for letter in letters { #expect(try reader.next()?.payload == letter.payload) }
            #expect(harness.log.bookmarks.isEmpty)
        }
        let rejections = messages.messages.all.filter { $0.text == "the sink rejected a record; it was set aside" }
        #expect(rejections.count == 2)
        for rejection in rejections {
            let directory = try #require(rejection.metadata["wal.directory"])
            #expect(directory.contains("wal-flusher-"))
            #expect(rejection.metadata["wal.next"] == "wal dead-letters \(directory)")
        }
    }

    @Test func aLetterCanBeMendedOrDiscarded() async throws {
        try await withLetters([4, 9, 10]) { harness, _, letters in
            var mended = letters[0]
            mended.payload = [7, 7, 7]
            #expect(try await harness.log.redrive([mended]) == 1)
            try await harness.log.discard([letters[1]])
            #expect(try harness.deadLetters() == [letters[2]])
            // What is discarded isn't redriven.
            #expect(try await harness.log.redrive([letters[1]]) == 0)
            #expect(try harness.log.reader(from: 21).next()?.payload == [7, 7, 7])
            #expect(harness.log.lastSequence == 21)
        }
    }

    /// The readers that other processes have open must see that letters which they have counted are gone.
    @Test func anOpenReaderSaysThatItIsOutdated() async throws {
        try await withLetters([4, 9]) { harness, _, letters in
            var reader = try DeadLetterReader(logDirectory: harness.directory)
            while try reader.next() != nil {}
            #expect(!reader.isOutdated)
            try await harness.log.discard([letters[0]])
            #expect(try reader.next() == nil)
            #expect(reader.isOutdated)
            var again = try DeadLetterReader(logDirectory: harness.directory)
            #expect(try again.next() == letters[1] && !again.isOutdated)
        }
    }

    /// A batch has at most 32 letters, and a large one alone.
    @Test func manyLettersComeInTheirOrder() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.log(directory.path, records: 100)
        var letters: [DeadLetterRecord] = []
        for number in 1...100 {
            letters.append(Self.letter(number, payload(number, size: number % 7 == 0 ? 50_000 : 20)))
            try await DeadLetterLog.of(log).append(letters[number - 1])
        }
        #expect(try await log.redrive(letters) == 100)
        let reader = log.reader(from: 101)
        for letter in letters { #expect(try reader.next()?.payload == letter.payload) }
        #expect(try reader.next() == nil)
        #expect(try Self.letters(directory.path).isEmpty)
        try await log.close()
    }

    /// Alone it fitted into a segment. With the bookmark it doesn't, and it held up the letters after it.
    @Test func aLetterThatIsTooLargeLeavesTheOthersAlone() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.log(directory.path, records: 3)
        let size = log.engine.appender.recordSizeMax
        let large = Self.letter(1, (0..<size).map { _ in UInt8.random(in: 0...255) })
        let letters = [large, Self.letter(2, [2])]
        for letter in letters { try await DeadLetterLog.of(log).append(letter) }
        let error = await #expect(throws: WALError.self) { try await log.redrive(letters) }
        #expect(error?.code == .recordTooLarge && error?.message.contains("of record 1 that s rejected") == true)
        #expect(try log.reader(from: 4).next()?.payload == [2])
        #expect(log.lastSequence == 4)
        #expect(try Self.letters(directory.path) == [large])
        try await log.close()
    }

    /// The record may come to the sink again, if its position isn't past it.
    @Test func aLetterThatTheCursorHasNotPassedIsRefused() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.log(directory.path, records: 3)
        let letter = Self.letter(2, [1])
        try await DeadLetterLog.of(log).append(letter)
        try log.setCursor("sink/s", to: 1)
        let error = await #expect(throws: WALError.self) { try await log.redrive([letter]) }
        #expect(error?.code == .invalidArgument && error?.message.contains("hasn't passed record 2") == true)
        #expect(log.lastSequence == 3)
        #expect(try Self.letters(directory.path) == [letter])
        try log.setCursor("sink/s", to: 2)
        #expect(try await log.redrive([letter]) == 1)
        try await log.close()
    }

    /// The batch with its bookmark is in the log, and the process was killed before it removed the letters.
    @Test func whatIsInTheLogIsNotAppendedAgain() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.log(directory.path, records: 3)
        let letters = [Self.letter(1, [1]), Self.letter(2, [2])]
        for letter in letters { try await DeadLetterLog.of(log).append(letter) }
        var batch = RecordBatch()
        batch.append(letters[0].payload)
        let bookmark = Bookmark(name: "redriven/s", position: 1, metadata: [1, 0, 0, 0, 0, 0, 0, 0])
        try await log.append(batch, bookmark: bookmark)
        #expect(try await log.redrive(letters) == 1)
        #expect(log.lastSequence == 5)
        #expect(try Self.letters(directory.path).isEmpty && log.bookmarks.isEmpty)
        try await log.close()
    }

    private static let letterCount = 30

    /// Kills the process before one of its syncs, counted from `arm` on.
    private final class KillBeforeSync: StorageHook {
        private let left = Atomic<Int>(0)

        func arm(_ number: Int) { left.store(number, ordering: .relaxed) }

        func before(_ call: StorageCall) -> StorageVerdict {
            if case .sync = call, left.subtract(1, ordering: .relaxed).newValue == 0 { kill(getpid(), SIGKILL) }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// Between two syncs a letter is in the log, or its removal is durable, or neither.
    @Test func killedAtEachSyncEachLetterComesOnce() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.log(directory.path, records: Self.letterCount)
        for number in 1...Self.letterCount {
            try await DeadLetterLog.of(log).append(Self.letter(number, payload(number, size: 30)))
        }
        try await log.close()
        for number in 1...12 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = directory.path as String, number = number as Int] in
                let hook = KillBeforeSync()
                StorageHooks.install(hook, for: path)
                let log = try await WriteAheadLog.open(at: path, configuration: .small(.manual))
                let letters = try RedriveTests.letters(path)
                hook.arm(number)
                for letter in letters { try await log.redrive([letter]) }
            }
        }
        let last = try await WriteAheadLog.open(at: directory.path, configuration: .small(.manual))
        let left = try Self.letters(directory.path)
        #expect((1..<Self.letterCount).contains(left.count))
        try await last.redrive(left)
        #expect(try Self.letters(directory.path).isEmpty)
        let reader = last.reader(from: SequenceNumber(rawValue: UInt64(Self.letterCount + 1)))
        var payloads: [[UInt8]] = []
        while let record = try reader.next() { payloads.append(record.payload) }
        #expect(payloads == (1...Self.letterCount).map { payload($0, size: 30) })
        try await last.close()
    }

    private static func log(_ path: String, records: Int) async throws -> WriteAheadLog {
        let log = try await WriteAheadLog.open(at: path, configuration: .small(.manual))
        for number in 1...records { try await log.append([UInt8(number)]) }
        try log.setCursor("sink/s", to: log.lastSequence)
        return log
    }

    private static func letter(_ number: Int, _ payload: [UInt8]) -> DeadLetterRecord {
        DeadLetterRecord(
            sequence: SequenceNumber(rawValue: UInt64(number)), time: Timestamp(rawValue: Int64(number)), sink: "s",
            code: "c", reason: "r", payload: payload)
    }

    private static func letters(_ path: String) throws -> [DeadLetterRecord] {
        var reader = try DeadLetterReader(logDirectory: path)
        var letters: [DeadLetterRecord] = []
        while let letter = try reader.next() { letters.append(letter) }
        return letters
    }
}
