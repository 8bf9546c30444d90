import Foundation
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// A consumer that skips a record leaves a mail unsent. A consumer that loses its position sends all mails again.
@Suite struct ConsumerTests {
    private static let quick = ConsumerConfiguration(saveInterval: .milliseconds(5))

    private static func explicit(_ window: Int) -> ConsumerConfiguration {
        ConsumerConfiguration(acknowledgement: .explicit(window: window), saveInterval: .milliseconds(5))
    }

    /// A log with records 1 to `count`, all durable.
    private static func filled(_ directory: TemporaryDirectory, _ count: Int) async throws -> WriteAheadLog {
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 0..<count { try await log.append(payload(number + 1)) }
        try await log.sync()
        return log
    }

    private static func sequence(_ delivery: Consumer<LogEntry>.Delivery?) -> SequenceNumber? {
        guard case .record(let record)? = delivery?.entry else { return nil }
        return record.sequence
    }

    @Test func askingForTheNextAcknowledges() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 5)
        let consumer = try log.consumer("mailer", configuration: Self.quick)
        #expect(log.cursors["consumer/mailer"] == 0)
        var deliveries = consumer.makeAsyncIterator()
        for number in 1...4 {
            #expect(Self.sequence(try await deliveries.next()) == SequenceNumber(rawValue: UInt64(number)))
        }
        // No call of `next` acknowledged the fourth.
        #expect(consumer.position == 3)
        try await consumer.close()
        #expect(log.cursors["consumer/mailer"] == 3)

        let again = try log.consumer("mailer", configuration: Self.quick)
        var rest = again.makeAsyncIterator()
        let first = try await rest.next()
        #expect(Self.sequence(first) == 4)
        #expect(first?.redeliveries == 1)
        let second = try await rest.next()
        #expect(Self.sequence(second) == 5)
        try await again.close()
        try await log.close()
    }

    /// A position past the log's end would be found ahead of it at the next start.
    @Test(arguments: [4, UInt64.max]) func aStartPastTheEndIsRefused(_ number: UInt64) async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 3)
        let configuration = ConsumerConfiguration(start: .after(SequenceNumber(rawValue: number)))
        #expect {
            try log.consumer("mailer", configuration: configuration)
        } throws: {
            ($0 as? WALError)?.code == .invalidArgument && "\($0)".contains("record is 3")
        }
        #expect(log.cursors["consumer/mailer"] == nil)
        let readOnly = try ReadOnlyLog(at: directory.path)
        await #expect {
            try await readOnly.consumer(named: "mailer", configuration: configuration)
        } throws: {
            ($0 as? WALError)?.code == .invalidArgument
        }
        #expect(try readOnly.consumers.isEmpty)
        // Neither the refused start nor a position that another program has set ends the process.
        try log.setCursor("consumer/mailer", to: SequenceNumber(rawValue: .max))
        _ = try log.consumer("mailer", configuration: configuration).makeAsyncIterator()
        #expect(try readOnly.lag(after: SequenceNumber(rawValue: .max)).records == 0)
        try await log.close()
    }

    @Test func nothingComesAgainAfterAnOrderlyEnd() async throws {
        let directory = TemporaryDirectory()
        var log = try await Self.filled(directory, 10)
        // The save interval doesn't elapse in the test, so only the end saves.
        let configuration = ConsumerConfiguration(
            acknowledgement: .explicit(window: 10), saveInterval: .seconds(3600))
        let consumer = try log.consumer("mailer", configuration: configuration)
        var deliveries = consumer.makeAsyncIterator()
        for _ in 1...7 { try #require(try await deliveries.next()).acknowledge() }
        #expect(log.cursors["consumer/mailer"] == 0)
        try await consumer.close()
        #expect(log.bookmarks["consumer/mailer"] == nil)
        try await log.close()

        log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let again = try log.consumer("mailer", configuration: configuration)
        var rest = again.makeAsyncIterator()
        let next = try await rest.next()
        #expect(Self.sequence(next) == 8)
        #expect(next?.redeliveries == 0)
        try await again.close()
        try await log.close()
    }

    @Test func acknowledgementsInAnyOrderWithinTheWindow() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 10)
        let consumer = try log.consumer("mailer", configuration: Self.explicit(3))
        var deliveries = consumer.makeAsyncIterator()
        var open: [Consumer<LogEntry>.Delivery] = []
        for _ in 1...3 { open.append(try #require(try await deliveries.next())) }
        open[2].acknowledge()
        open[1].acknowledge()
        #expect(consumer.position == 0)
        // The window is full: the next delivery comes after the first is acknowledged.
        let oldest = open[0]
        let acknowledging = Task {
            try await Task.sleep(for: .milliseconds(50))
            oldest.acknowledge()
        }
        #expect(Self.sequence(try await deliveries.next()) == 4)
        try await acknowledging.value
        #expect(consumer.position == 3)
        // The position is saved at its interval, without an end.
        try await eventually { log.cursors["consumer/mailer"] == 3 }
        try await consumer.close()
        try await log.close()
    }

    @Test func anIterationThatEndsBringsWhatIsOpenAgain() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 4)
        let consumer = try log.consumer("mailer", configuration: Self.explicit(4))
        var first = consumer.makeAsyncIterator()
        for number in 1...4 {
            let delivery = try #require(try await first.next())
            if number == 3 { delivery.acknowledge() }
        }
        var second = consumer.makeAsyncIterator()
        var found: [SequenceNumber?] = []
        for _ in 1...3 {
            let delivery = try #require(try await second.next())
            #expect(delivery.redeliveries == 1)
            found.append(Self.sequence(delivery))
            delivery.acknowledge()
        }
        #expect(found == [1, 2, 4])
        #expect(consumer.position == 4)
        await #expect(throws: WALError.self) { try await first.next() }
        try await consumer.close()
        try await log.close()
    }

    /// A record that waits for an older one has its place in the window of the next iteration, too. Otherwise each iteration would
    /// deliver one more record, and all of them come again after a crash.
    @Test func theWindowCountsWhatAnEarlierIterationAcknowledged() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 4)
        let consumer = try log.consumer("mailer", configuration: Self.explicit(2))
        var first = consumer.makeAsyncIterator()
        #expect(Self.sequence(try await first.next()) == 1)
        try #require(try await first.next()).acknowledge()
        var batches = consumer.batches(of: 3, within: .milliseconds(1)).makeAsyncIterator()
        let oldest = try #require(try await batches.next())
        #expect(oldest.deliveries.map(Self.sequence) == [1])
        oldest.acknowledge()
        #expect(consumer.position == 2)
        #expect(try await batches.next()?.deliveries.map(Self.sequence) == [3, 4])
        try await consumer.close()
        try await log.close()
    }

    @Test func batchesEndByCountByTimeAndByTheWindow() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 10)
        let consumer = try log.consumer("mailer", configuration: Self.explicit(5))
        var batches = consumer.batches(of: 4, within: .milliseconds(1)).makeAsyncIterator()
        let first = try #require(try await batches.next())
        #expect(first.deliveries.map(Self.sequence) == [1, 2, 3, 4])
        let second = try #require(try await batches.next())
        // The window has room for one more.
        #expect(second.deliveries.map(Self.sequence) == [5])
        second.acknowledge()
        first.acknowledge()
        #expect(consumer.position == 5)
        let third = try #require(try await batches.next())
        third.acknowledge()
        let fourth = try #require(try await batches.next())
        // The time ends before there are four.
        #expect(fourth.deliveries.map(Self.sequence) == [10])
        fourth.acknowledge()
        try await consumer.close()
        #expect(log.cursors["consumer/mailer"] == 10)

        let automatic = try log.consumer("other", configuration: Self.quick)
        var counts: [Int] = []
        for try await batch in automatic.batches(of: 3, within: .milliseconds(1)) {
            counts.append(batch.deliveries.count)
            if counts.reduce(0, +) == 10 { break }
        }
        #expect(counts == [3, 3, 3, 1])
        #expect(automatic.position == 9)
        try await automatic.close()
        try await log.close()
    }

    /// If an error dropped a batch, the call for the next batch would acknowledge it although no caller had processed it.
    @Test func anErrorInABatchComesAfterItsDeliveries() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 1)
        // The task is canceled between the first delivery of a batch and the wait for the second.
        let consumer = try Consumer("mailer", of: log, Self.quick, visibility: .durable) { entry in
            withUnsafeCurrentTask { $0?.cancel() }
            return entry
        }
        let reading = Task {
            var batches = consumer.batches(of: 2, within: .seconds(100)).makeAsyncIterator()
            let batch = try await batches.next()
            #expect(consumer.position == 0)
            await #expect { try await batches.next() } throws: { ($0 as? WALError)?.code == .cancelled }
            return batch?.deliveries.map(Self.sequence)
        }
        #expect(try await reading.value == [1])
        #expect(consumer.position == 1)
        try await consumer.close()
        try await log.close()
    }

    @Test func aBatchGetsWhatComesWhileItWaits() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 1)
        let consumer = try log.consumer("mailer", configuration: Self.quick, visibility: .written)
        var batches = consumer.batches(of: 3, within: .seconds(100)).makeAsyncIterator()
        let appending = Task {
            for number in 2...3 {
                try await Task.sleep(for: .milliseconds(20))
                try await log.append(payload(number))
            }
        }
        #expect(try await batches.next()?.deliveries.map(Self.sequence) == [1, 2, 3])
        try await appending.value
        try await consumer.close()
        try await log.close()
    }

    @Test func aParkedRecordIsADeadLetterAndDoesNotComeAgain() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 3)
        let consumer = try log.consumer("mailer", configuration: Self.explicit(3))
        var deliveries = consumer.makeAsyncIterator()
        for number in 1...3 {
            let delivery = try #require(try await deliveries.next())
            if number == 2 { try await delivery.park("no such address", code: "550") } else { delivery.acknowledge() }
        }
        try await consumer.close()
        #expect(log.cursors["consumer/mailer"] == 3)
        var letters = try DeadLetterReader(logDirectory: directory.path)
        let letter = try #require(try letters.next())
        #expect(letter.sequence == 2)
        #expect(letter.sink == "consumer/mailer")
        #expect(letter.code == "550")
        #expect(letter.reason == "no such address")
        #expect(letter.payload == payload(2))
        #expect(try letters.next() == nil)
        try await log.close()
    }

    @Test func onlyDurableRecordsAreDelivered() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 1)
        try await log.append(payload(2))
        let consumer = try log.consumer("mailer", configuration: Self.quick)
        var batches = consumer.batches(of: 2, within: .milliseconds(20)).makeAsyncIterator()
        #expect(try await batches.next()?.deliveries.count == 1)
        try await log.sync()
        #expect(try await batches.next()?.deliveries.map(Self.sequence) == [2])
        try await consumer.close()
        try await log.close()
    }

    @Test func newConsumersBeginWhereTheyShould() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 5)
        for (start, first) in [
            (ConsumerConfiguration.Start.first, SequenceNumber(1)), (.after(2), 3), (.end, 6),
        ] {
            let configuration = ConsumerConfiguration(start: start)
            let consumer = try log.consumer("c\(first)", configuration: configuration, visibility: .written)
            if first == 6 { try await log.append(payload(6)) }
            var deliveries = consumer.makeAsyncIterator()
            #expect(Self.sequence(try await deliveries.next()) == first)
            try await consumer.close()
        }
        try await log.close()
    }

    /// A save may still run when a consumer ends, and another consumer may have the name by then.
    @Test func aLateSaveChangesNothing() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 5)
        let place = try CursorPlace("mailer", in: log, start: .first, visibility: .written)
        try place.save(3)
        try place.save(2)
        #expect(log.cursors["consumer/mailer"] == 3)
        try place.close(at: 5, isDone: true)
        try place.save(4)
        #expect(log.cursors["consumer/mailer"] == 5)
        try await log.consumer("mailer").close()
        #expect(log.cursors["consumer/mailer"] == 5)
        try await log.close()
    }

    /// The end of a process frees the names of its consumers, and so does the release of a consumer.
    @Test func aDroppedConsumerFreesItsNameAndCounts() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 2)
        // While a save is due, the saving task holds the consumer.
        let configuration = ConsumerConfiguration(saveInterval: .seconds(3600))
        for attempt in 0..<3 {
            let consumer = Monitor<Consumer<LogEntry>?>(try log.consumer("mailer", configuration: configuration))
            var deliveries = consumer.withLock { $0?.makeAsyncIterator() }
            let delivery = try await deliveries?.next()
            #expect(Self.sequence(delivery) == 1)
            #expect(delivery?.redeliveries == attempt)
            deliveries = nil
            consumer.withLock { $0 = nil }
        }
        try await log.close()
    }

    /// A program that ends at its start for another reason would otherwise park a record that it never got.
    @Test func startsWithoutADeliveryDontCount() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 2)
        let configuration = ConsumerConfiguration(saveInterval: .seconds(3600))
        let first = try log.consumer("mailer", configuration: configuration)
        var deliveries = first.makeAsyncIterator()
        for _ in 0..<2 { _ = try await deliveries.next() }
        try await first.close()
        for _ in 0..<6 {
            let consumer = Monitor<Consumer<LogEntry>?>(try log.consumer("mailer", configuration: configuration))
            consumer.withLock { $0 = nil }
        }
        let last = try log.consumer("mailer", configuration: configuration)
        var rest = last.makeAsyncIterator()
        let delivery = try await rest.next()
        #expect(Self.sequence(delivery) == 2 && delivery?.redeliveries == 1)
        try await last.close()
        try await log.close()
    }

    /// Its cursor would keep every record of the log.
    @Test func aConsumerThatCantBeMadeLeavesNothing() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 1)
        func fill(_ size: Int) -> Bool {
            let metadata = [UInt8](repeating: 1, count: size)
            return (try? log.setBookmark(Bookmark(name: "fill", position: 1, metadata: metadata))) != nil
        }
        // A bookmark alone is too small to fill the space of all.
        for number in 0..<7 {
            let metadata = [UInt8](repeating: 1, count: 1024)
            try log.setBookmark(Bookmark(name: "f\(number)", position: 1, metadata: metadata))
        }
        let sizeMax = try #require((0...1024).last(where: fill))
        var failures = 0
        for pad in 0..<160 {
            #expect(fill(sizeMax - pad))
            do {
                try await log.consumer("mailer").close()
                try log.removeCursor("consumer/mailer")
            } catch {
                failures += 1
                #expect(log.cursors["consumer/mailer"] == nil)
            }
        }
        #expect((1..<160).contains(failures))
        try await log.close()
    }

    /// The place of a consumer after a crash, whose saves wait for a gate.
    private final class GatedPlace: ConsumerPlace {
        let beginning: ConsumerBeginning
        var renewalInterval: Duration? { nil }
        private let place: CursorPlace
        private let gate = Monitor((isOpen: false, isReached: false))

        init(_ log: WriteAheadLog) throws {
            place = try CursorPlace("mailer", in: log, start: .first, visibility: .written)
            var beginning = place.beginning
            beginning.attempts = 1
            self.beginning = beginning
        }

        var isReached: Bool { gate.withLock { $0.isReached } }
        func open() { gate.withLock { $0.isOpen = true } }

        func reader(after position: SequenceNumber?) -> LogReader { place.reader(after: position) }
        func noteDelivery() throws(WALError) { try place.noteDelivery() }
        func save(_ position: SequenceNumber) async throws(WALError) {
            gate.withLock { $0.isReached = true }
            while !gate.withLock({ $0.isOpen }) { try? await Task.sleep(for: .milliseconds(1)) }
            try place.save(position)
        }
        func close(at position: SequenceNumber, isDone: Bool) throws(WALError) {
            try place.close(at: position, isDone: isDone)
        }
        func deadLetters() -> DeadLetterLog { place.deadLetters() }
    }

    private static func isEnd(_ step: ConsumerReader.Step) -> Bool {
        if case .end = step { true } else { false }
    }

    /// After the close, another consumer may have the name and deliver the record.
    @Test(.timeLimit(.minutes(10))) func nothingIsDeliveredAfterTheClose() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 3)
        let place = try GatedPlace(log)
        let core = ConsumerCore("mailer", place, ConsumerConfiguration(saveInterval: .seconds(3600)))
        let second = Task { () async throws -> Bool in
            var reader = ConsumerReader(core)
            _ = try await reader.next()
            return Self.isEnd(try await reader.next())
        }
        try await eventually { place.isReached }
        try await core.close()
        place.open()
        #expect(try await second.value)
        try await log.close()
    }

    @Test(.timeLimit(.minutes(10))) func anIterationThatEndedLeavesTheOtherAlone() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 3)
        let place = try GatedPlace(log)
        let core = ConsumerCore("mailer", place, ConsumerConfiguration(saveInterval: .seconds(3600)))
        let old = Task { () async throws in
            var reader = ConsumerReader(core)
            _ = try await reader.next()
            _ = try await reader.next()
        }
        try await eventually { place.isReached }
        let (delivered, hasBegun) = (Monitor(0), Monitor(false))
        let new = Task { () async throws in
            var reader = ConsumerReader(core)
            hasBegun.withLock { $0 = true }
            while !Self.isEnd(try await reader.next()) { delivered.withLock { $0 += 1 } }
        }
        try await eventually { hasBegun.withLock { $0 } }
        place.open()
        await #expect(throws: WALError.self) { try await old.value }
        try await eventually { delivered.withLock { $0 } == 2 }
        try await core.close()
        try await new.value
        try await log.close()
    }

    /// The record comes again, and must not be among the letters, too.
    @Test func afterItsIterationARecordIsntParked() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 2)
        let consumer = try log.consumer("mailer", configuration: Self.explicit(3))
        var deliveries = consumer.makeAsyncIterator()
        let first = try #require(try await deliveries.next())
        var others = consumer.makeAsyncIterator()
        let again = try #require(try await others.next())
        try await consumer.close()
        for late in [first, again] {
            let error = await #expect(throws: WALError.self) { try await late.park("late") }
            #expect(error?.code == .closed)
        }
        var letters = try DeadLetterReader(logDirectory: directory.path)
        #expect(try letters.next() == nil)
        try await log.close()
    }

    @Test func aBatchHasALimit() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        var batch = RecordBatch()
        for _ in 0..<1000 { batch.append([]) }
        for _ in 0..<66 { try await log.append(batch) }
        try await log.sync()
        let consumer = try log.consumer("mailer")
        var batches = consumer.batches(of: .max, within: .zero).makeAsyncIterator()
        #expect(try await batches.next()?.deliveries.count == 65_536)
        try await consumer.close()
        try await log.close()
    }

    /// If a record ends the process each time, only that record is parked, not the good records before it.
    @Test func onlyThePoisonedRecordCountsUp() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 5)
        // The save interval doesn't elapse in the test.
        let configuration = ConsumerConfiguration(saveInterval: .seconds(3600))
        var counts: [SequenceNumber: [Int]] = [:]
        for _ in 0..<6 {
            let consumer = Monitor<Consumer<LogEntry>?>(try log.consumer("mailer", configuration: configuration))
            var deliveries = consumer.withLock { $0?.makeAsyncIterator() }
            while let delivery = try await deliveries?.next(), let sequence = Self.sequence(delivery) {
                counts[sequence, default: []].append(delivery.redeliveries)
                if sequence == 3 { break }
            }
            deliveries = nil
            consumer.withLock { $0 = nil }
        }
        #expect(counts == [1: [0, 1], 2: [0, 0], 3: [0, 0, 1, 2, 3, 4]])
        try await log.close()
    }

    /// Cursors and bookmarks of the program may have any name.
    @Test func cursorsAndBookmarksOfTheProgramStay() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 3)
        try log.setCursor("mailer", to: 1)
        try log.setBookmark(Bookmark(name: "mailer", position: 7, metadata: [1]))
        let consumer = try log.consumer("mailer", configuration: ConsumerConfiguration(start: .end))
        #expect(consumer.position == 3)
        try await consumer.close()
        #expect(log.cursors == ["mailer": 1, "consumer/mailer": 3])
        #expect(log.bookmarks == ["mailer": Bookmark(name: "mailer", position: 7, metadata: [1])])
        try await log.close()
    }

    @Test func aNameHasOneOwner() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 1)
        let consumer = try log.consumer("mailer")
        #expect { try log.consumer("mailer") } throws: { ($0 as? WALError)?.code == .locked }
        for name in ["", "a/b", "sink/x", "ä", "a.b", String(repeating: "x", count: 65)] {
            #expect { try log.consumer(name) } throws: { ($0 as? WALError)?.code == .invalidArgument }
        }
        let bad = ConsumerConfiguration(acknowledgement: .explicit(window: 0))
        #expect(throws: WALError.self) { try log.consumer("other", configuration: bad) }
        let late = ConsumerConfiguration(saveInterval: .seconds(Int64.max))
        #expect(throws: WALError.self) { try log.consumer("other", configuration: late) }
        try await consumer.close()
        try await log.consumer("mailer").close()
        try await log.close()
    }

    /// A waiting consumer must not keep its process from ending.
    @Test func closingAndCancellingEndAWait() async throws {
        let directory = TemporaryDirectory()
        let log = try await Self.filled(directory, 1)
        let consumer = try log.consumer("mailer", configuration: Self.explicit(1))
        let isWaiting = Monitor(0)
        let reading = Task {
            var count = 0
            for try await delivery in consumer {
                count += 1
                delivery.acknowledge()
                isWaiting.withLock { $0 += 1 }
            }
            return count
        }
        try await eventually { isWaiting.withLock { $0 } == 1 }
        try await consumer.close()
        #expect(try await reading.value == 1)

        // The window is full, so this call waits for an acknowledgement.
        try await log.append(payload(2))
        try await log.sync()
        let full = try log.consumer("other", configuration: Self.explicit(1))
        let blocked = Task {
            var deliveries = full.makeAsyncIterator()
            _ = try await deliveries.next()
            isWaiting.withLock { $0 += 1 }
            return try await deliveries.next() == nil
        }
        try await eventually { isWaiting.withLock { $0 } == 2 }
        blocked.cancel()
        await #expect { try await blocked.value } throws: { ($0 as? WALError)?.code == .cancelled }
        try await full.close()

        let idle = try log.consumer("idle", configuration: ConsumerConfiguration(start: .end))
        let waiting = Task {
            var deliveries = idle.makeAsyncIterator()
            return try await deliveries.next() == nil
        }
        waiting.cancel()
        await #expect { try await waiting.value } throws: { ($0 as? WALError)?.code == .cancelled }
        let last = Task {
            var deliveries = idle.makeAsyncIterator()
            return try await deliveries.next() == nil
        }
        try await log.close()
        #expect(try await last.value)
    }
}
