import Foundation
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// A replica replaces its source after the source's machine is lost. Then it would be too late to find that a record is missing,
/// duplicated, or has another number.
@Suite struct ReplicaTests {
    static let source = LogID(low: 1, high: 2)

    /// The source's record with this number. Some numbers have none, and times sometimes go back.
    static func record(_ number: UInt64) -> (payload: [UInt8], time: Timestamp)? {
        guard number % 1000 != 999 else { return nil }
        let time = 1_700_000_000_000_000 + Int64(number) * 250 - (number % 100 == 50 ? 5_000_000 : 0)
        return (payload(Int(number), size: Int(number % 300)), Timestamp(rawValue: time))
    }

    static func batch(_ numbers: ClosedRange<UInt64>) -> LogReplica.Batch {
        var batch = LogReplica.Batch()
        for number in numbers {
            guard let record = record(number) else { continue }
            batch.append(
                record.payload.span.bytes, sequence: SequenceNumber(rawValue: number), time: record.time)
        }
        return batch
    }

    static func position(_ number: UInt64, epoch: UInt64 = 1) -> LogReplica.Position {
        LogReplica.Position(sequence: SequenceNumber(rawValue: number), epoch: epoch)
    }

    /// The hash of the source's records up to and including a number.
    static func hash(through last: UInt64) -> String {
        var hash = RecordHash()
        for number in 1...last {
            guard let record = record(number) else { continue }
            hash.add(
                RecordView(
                    sequence: SequenceNumber(rawValue: number), time: record.time, payload: record.payload.span.bytes))
        }
        return hash.hexadecimalDigest
    }

    static func hash(of directory: String) throws -> String {
        var hash = RecordHash()
        let reader = try ReadOnlyLog(at: directory).reader()
        while try reader.next({ hash.add($0) }, gap: { _ in }) != nil {}
        return hash.hexadecimalDigest
    }

    static func open(_ directory: TemporaryDirectory) throws(WALError) -> LogReplica {
        try LogReplica.openBlocking(at: directory.path, of: source, configuration: .small())
    }

    static func error(_ body: () throws -> Void) -> WALError? {
        do {
            try body()
            return nil
        } catch {
            return error as? WALError
        }
    }

    @Test func theRecordsAreThoseOfTheSource() throws {
        let directory = TemporaryDirectory()
        var next: UInt64 = 1
        // Several lives, batches of all sizes, and several segments.
        for life in 0..<4 as Range<UInt64> {
            let replica = try Self.open(directory)
            #expect(replica.recovery.findings.isEmpty)
            #expect(replica.position.sequence.rawValue == next - 1)
            while next < (life + 1) * 1500 {
                let last = next + next * 7 % 200
                try replica.appendBlocking(Self.batch(next...last), to: Self.position(last))
                next = last + 1
            }
            try replica.closeBlocking()
        }
        #expect(try Self.hash(of: directory.path) == Self.hash(through: next - 1))
        let log = try ReadOnlyLog(at: directory.path)
        #expect(try log.replicatedLog == Self.source)
        #expect(log.id != Self.source)
        for number in [1, 50, 149, 998, 1000, next - 1] as [UInt64] {
            let record = try log.reader(from: SequenceNumber(rawValue: number)).next()
            #expect(record?.sequence.rawValue == number && record?.time == Self.record(number)?.time)
        }
        let time = try #require(Self.record(1234)).time
        #expect(try log.reader(since: time).next()?.sequence == 1234)
        let gaps = try readEntries(log.reader()).compactMap { if case .gap(let gap) = $0 { gap } else { nil } }
        #expect(gaps.first.map { $0.first == 999 && $0.last == 999 && $0.reason == .skipped } == true)
        try CompressedSegmentTests.compressAll(in: directory.path)
        #expect(try Self.hash(of: directory.path) == Self.hash(through: next - 1))
        #expect(try Verification.verifyBlocking(at: directory.path).findings.isEmpty)
    }

    @Test func aFooterHasTheEarliestAndLatestTime() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        try replica.appendBlocking(Self.batch(1...200), to: Self.position(200))
        try replica.closeBlocking()
        let segment = try #require(try ReadOnlyLog(at: directory.path).segments.first)
        let times = (1...200).compactMap { Self.record($0)?.time }
        #expect(segment.firstTime == times.min() && segment.lastTime == times.max())
        // With the padding before the payloads.
        let payloads = UInt64((1...200).reduce(0) { $0 + (Self.record($1)?.payload.count ?? 0) })
        #expect((payloads...payloads + 7).contains(try #require(segment.payloadSize)))
    }

    @Test func aReplicaIsNoOriginal() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        try replica.appendBlocking(Self.batch(1...10), to: Self.position(10))
        try replica.closeBlocking()
        let error = Self.error { _ = try WriteAheadLog.openBlocking(at: directory.path) }
        #expect(error?.code == .replica)
        #expect(error?.message.contains("\(Self.source)") == true && error?.message.contains(directory.path) == true)
        let other = Self.error { _ = try LogReplica.openBlocking(at: directory.path, of: .random()) }
        #expect(other?.code == .invalidArgument)
        // The refusals have changed nothing, and the directory isn't locked.
        let again = try Self.open(directory)
        #expect(again.recovery.findings.isEmpty)
        #expect(again.position == Self.position(10))
        try again.closeBlocking()
    }

    @Test func anOriginalIsNoReplica() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking(payload(1))
        try log.closeBlocking()
        #expect(Self.error { _ = try Self.open(directory) }?.code == .invalidArgument)
        #expect(Self.error { _ = try LogReplica.promoteBlocking(at: directory.path) }?.code == .invalidArgument)
        #expect(
            Self.error { _ = try LogReplica.promoteBlocking(at: directory.path + "-none") }?.code == .notALogDirectory)
        #expect(try ReadOnlyLog(at: directory.path).replicatedLog == nil)
    }

    @Test func numbersNeverGoBack() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        try replica.appendBlocking(Self.batch(1...10), to: Self.position(12, epoch: 5))
        let refused: [(LogReplica.Batch, LogReplica.Position)] = [
            (Self.batch(10...14), Self.position(14, epoch: 5)), (Self.batch(13...14), Self.position(13, epoch: 5)),
            (Self.batch(13...14), Self.position(14, epoch: 4)), (LogReplica.Batch(), Self.position(11, epoch: 5)),
        ]
        for (batch, position) in refused {
            #expect(Self.error { try replica.appendBlocking(batch, to: position) }?.code == .invalidArgument)
        }
        var late = LogReplica.Batch()
        late.append([1].span.bytes, sequence: 13, time: Timestamp(rawValue: 1 << 56))
        #expect(
            Self.error { try replica.appendBlocking(late, to: Self.position(13, epoch: 5)) }?.code == .invalidArgument)
        #expect(replica.position == Self.position(12, epoch: 5))
        try replica.appendBlocking(LogReplica.Batch(), to: Self.position(12, epoch: 6))
        try replica.closeBlocking()
        let again = try Self.open(directory)
        #expect(again.position == Self.position(12, epoch: 6))
        try again.appendBlocking(Self.batch(13...20), to: Self.position(20, epoch: 6))
        try again.closeBlocking()
        #expect(
            try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.sequence.rawValue) == Array(1...10)
                + Array(13...20))
    }

    @Test func aRecordThatNoSegmentHoldsIsRefused() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        var batch = Self.batch(1...3)
        let large = (0..<200_000).map { _ in UInt8.random(in: 0...255) }
        batch.append(large.span.bytes, sequence: 4, time: .now)
        #expect(Self.error { try replica.appendBlocking(batch, to: Self.position(4)) }?.code == .recordTooLarge)
        #expect(replica.position == Self.position(3))
        try replica.closeBlocking()
    }

    /// The caller may continue below the numbers of an append that failed. Its records must not get those numbers.
    @Test func anAppendThatFailedSkipsNoNumbers() async throws {
        let place = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        let disk = try FaultyStorage(place.path)
        let replica = try await LogReplica.open(
            at: place.path + "/log", of: Self.source, configuration: .small())
        disk.fail(.write, times: .max, with: .diskFull)
        // Each of these begins a segment, until none is ready.
        var given: [UInt64] = []
        var failure: WALError?
        var number: UInt64 = 0
        while failure == nil {
            number += 100
            do throws(WALError) {
                try await replica.append(Self.batch(number...number), to: Self.position(number))
                given.append(number)
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .diskFull)
        disk.heal()
        let (last, position) = (number - 50, Self.position(number - 50))
        try await eventually { (try? await replica.append(Self.batch(last...last), to: position)) != nil }
        #expect(replica.position == position)
        try await replica.append(Self.batch(number...number), to: Self.position(number))
        try await replica.close()
        let records = try readAll(ReadOnlyLog(at: place.path + "/log").reader())
        #expect(records.map(\.sequence.rawValue) == given + [last, number])
        #expect(records.last?.payload == Self.record(number)?.payload)
    }

    /// A segment that was begun for an append that failed has skipped its numbers for good.
    @Test func aNumberBelowTheNextOneIsRefused() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        var batch = LogReplica.Batch()
        let large = (0..<200_000).map { _ in UInt8.random(in: 0...255) }
        batch.append(large.span.bytes, sequence: 100, time: .now)
        #expect(Self.error { try replica.appendBlocking(batch, to: Self.position(100)) }?.code == .recordTooLarge)
        let error = Self.error { try replica.appendBlocking(Self.batch(50...50), to: Self.position(50)) }
        #expect(error?.code == .invalidArgument)
        try replica.appendBlocking(Self.batch(100...100), to: Self.position(100))
        try replica.closeBlocking()
        #expect(try readAll(ReadOnlyLog(at: directory.path).reader()).map(\.sequence) == [100])
    }

    /// A backup lacks the numbers that were given after it. The source gives them to the restored replica again.
    @Test func aRestoredReplicaContinues() throws {
        let directory = TemporaryDirectory()
        let backup = TemporaryDirectory()
        let restored = TemporaryDirectory()
        let replica = try Self.open(directory)
        for start in stride(from: 1 as UInt64, to: 600, by: 100) {
            try replica.appendBlocking(Self.batch(start...start + 99), to: Self.position(start + 99))
        }
        try replica.closeBlocking()
        _ = try LogBackup.makeBlocking(of: directory.path, to: backup.path)
        _ = try LogBackup.restoreBlocking(backup.path, to: restored.path, upTo: .sequence(250))
        #expect(try ReadOnlyLog(at: restored.path).replicatedLog == Self.source)
        let again = try Self.open(restored)
        #expect(again.position == Self.position(200))
        try again.appendBlocking(Self.batch(201...900), to: Self.position(900))
        try again.closeBlocking()
        #expect(try Self.hash(of: restored.path) == Self.hash(through: 900))
    }

    /// The numbers that the log has given since its promotion are never given again.
    @Test func aPromotedLogStaysPromotedBeforeItsPromotion() throws {
        let (directory, backup, restored) = (TemporaryDirectory(), TemporaryDirectory(), TemporaryDirectory())
        let replica = try Self.open(directory)
        try replica.appendBlocking(Self.batch(1...100), to: Self.position(100))
        try replica.closeBlocking()
        let promotion = try LogReplica.promoteBlocking(at: directory.path, configuration: .small())
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...10 { try log.appendBlocking(payload(number)) }
        let highest = log.lastSequence
        #expect(highest > promotion.nextSequence)
        try log.closeBlocking()
        _ = try LogBackup.makeBlocking(of: directory.path, to: backup.path)
        _ = try LogBackup.restoreBlocking(backup.path, to: restored.path, upTo: .sequence(100))
        let again = try WriteAheadLog.openBlocking(at: restored.path, configuration: .small())
        #expect(again.lastSequence >= highest)
        #expect(try again.appendBlocking([1]) > highest)
        try again.closeBlocking()
        #expect(try ReadOnlyLog(at: restored.path).replicatedLog == nil)
    }

    /// Nothing of the replica can be read, so the source gives everything again.
    @Test func aReplicaWithoutAReadableSegmentBeginsAgain() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        try replica.appendBlocking(Self.batch(1...100), to: Self.position(100))
        try replica.closeBlocking()
        for name in try segmentNames(directory.path) {
            let path = directory.path + "/" + name
            var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
            bytes.replaceSubrange(0..<1024, with: repeatElement(0, count: 1024))
            try Data(bytes).write(to: URL(filePath: path))
        }
        let again = try Self.open(directory)
        #expect(again.position.sequence == .zero)
        try again.appendBlocking(Self.batch(1...100), to: Self.position(100))
        try again.closeBlocking()
    }

    @Test func aPositionBeyondTheLimitIsRefused() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        for number in [1 << 62, UInt64.max] {
            #expect(
                Self.error { try replica.appendBlocking(Self.batch(1...1), to: Self.position(number)) }?.code
                    == .invalidArgument)
        }
        try replica.closeBlocking()
    }

    /// The middle of a replica is damaged. The source isn't asked for these records again, so readers must report them.
    @Test func damagedRecordsAreReported() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        for start in stride(from: 1 as UInt64, to: 300, by: 100) {
            try replica.appendBlocking(Self.batch(start...start + 99), to: Self.position(start + 99))
        }
        try replica.closeBlocking()
        let path = directory.path + "/00000000000000000001.wal"
        var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        bytes[SegmentHeader.size + 64] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        #expect(try Verification.verifyBlocking(at: directory.path).isDamaged)
        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let again = try LogReplica.openBlocking(at: directory.path, of: Self.source, configuration: configuration)
        #expect(again.recovery.findings.map(\.sequences) == [1...100])
        #expect(again.position == Self.position(300))
        try again.appendBlocking(Self.batch(301...310), to: Self.position(310))
        try again.closeBlocking()
        let entries = try readEntries(ReadOnlyLog(at: directory.path).reader(from: 1))
        guard case .gap(let gap) = entries.first else {
            Issue.record("no gap")
            return
        }
        #expect(gap.first == 1 && gap.last == 100 && gap.isLoss && entries.count == 211)
    }

    // MARK: Promotion

    @Test func aPromotedReplicaGivesNoNumberOfItsSource() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        try replica.appendBlocking(Self.batch(1...10), to: Self.position(15))
        try replica.closeBlocking()
        for number in [14, SequenceNumber(rawValue: 1 << 61)] {
            let error = Self.error { _ = try LogReplica.promoteBlocking(at: directory.path, above: number) }
            #expect(error?.code == .invalidArgument)
        }
        let promotion = try LogReplica.promoteBlocking(at: directory.path, configuration: .small())
        #expect(promotion.id == replica.id && promotion.lastSequence == 15)
        #expect(promotion.nextSequence.rawValue == 16 + LogKind.promotionDistance)
        #expect(Self.error { _ = try Self.open(directory) }?.code == .invalidArgument)
        #expect(Self.error { _ = try LogReplica.promoteBlocking(at: directory.path) }?.code == .invalidArgument)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.id == replica.id && log.recovery.findings.isEmpty)
        #expect(try log.appendBlocking(payload(1)) == promotion.nextSequence)
        #expect(try readAll(log.reader()).map(\.sequence.rawValue) == Array(1...10) + [promotion.nextSequence.rawValue])
        try log.rollBlocking()
        try log.appendBlocking(payload(2))
        try log.closeBlocking()
        #expect(try ReadOnlyLog(at: directory.path).replicatedLog == nil)
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(again.recovery.findings.isEmpty)
        try again.closeBlocking()
    }

    @Test func aPromotionAboveAKnownNumberLeavesOutNoMore() throws {
        let directory = TemporaryDirectory()
        let replica = try Self.open(directory)
        try replica.appendBlocking(Self.batch(1...10), to: Self.position(10))
        try replica.closeBlocking()
        #expect(try LogReplica.promoteBlocking(at: directory.path, above: 20).nextSequence == 21)
    }

    // MARK: Crashes

    private static let rounds = max(12, KillTests.rounds / 2)

    /// Killed at random moments in three lives on the same directory, the replica continues after its last record.
    @Test(arguments: 0..<rounds) func aKilledReplicaContinuesExactlyOnce(_ round: Int) async throws {
        let directory = TemporaryDirectory()
        let reports = directory.path + ".reports"
        defer { try? FileManager.default.removeItem(atPath: reports) }
        for life in 0..<3 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    path = directory.path as String, reports = reports as String, life = life as Int,
                    round = round as Int
                ] in
                killSelf(afterMicroseconds: .random(in: 500...40_000))
                await ReplicaTests.follow(path, ReportFile(reports), step: UInt64(1 + (round * 31 + life * 7) % 90))
            }
        }
        let replica = try await LogReplica.open(at: directory.path, of: Self.source, configuration: .small())
        #expect(replica.recovery.findings.allSatisfy { !$0.classification.isDamage })
        let position = replica.position.sequence.rawValue
        for report in ReportFile.read(reports) { #expect(report[0] <= position) }
        if position > 0 {
            #expect(try Self.hash(of: directory.path) == Self.hash(through: position))
        }
        // The next records are the source's next ones.
        let (last, epoch) = (position + 1500, replica.position.epoch)
        try await replica.append(Self.batch(position + 1...last), to: Self.position(last, epoch: epoch))
        try await replica.close()
        #expect(try Self.hash(of: directory.path) == Self.hash(through: last))
        #expect(try await Verification.verify(at: directory.path).findings.isEmpty)
    }

    static func follow(_ path: String, _ report: ReportFile, step: UInt64) async {
        var configuration = WriteAheadLog.Configuration.small(.interval(.milliseconds(1)))
        configuration.segmentSize = 64 << 10
        guard let replica = try? await LogReplica.open(at: path, of: source, configuration: configuration) else {
            return
        }
        // Frames of cursors and sync marks come between the batches.
        Thread.detachNewThread {
            while (try? replica.log.setCursor("consumer", to: 1)) != nil { usleep(20) }
        }
        var next = replica.position.sequence.rawValue + 1
        while true {
            let last = next + step - 1
            guard (try? await replica.append(batch(next...last), to: position(last, epoch: 1 + last / 5000))) != nil
            else { return }
            report.add(last)
            next = last + 1
        }
    }

    /// After a power loss the replica's end is lost. The source gives the lost numbers to the same records again.
    @Test(arguments: 0..<(Torture.isLong ? 40 : 3)) func lostNumbersAreGivenAgain(_ round: Int) async throws {
        let place = TemporaryDirectory()
        let after = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        let disk = try FaultyStorage(place.path, recording: true)
        let replica = try await LogReplica.open(
            at: place.path + "/log", of: Self.source, configuration: .small())
        var generator = SeededGenerator(seed: UInt64(round))
        var next: UInt64 = 1
        var durable: UInt64 = 0
        for _ in 0..<40 {
            let last = next + .random(in: 0..<120, using: &generator)
            try await replica.append(Self.batch(next...last), to: Self.position(last))
            next = last + 1
            if Int.random(in: 0..<10, using: &generator) == 0 {
                try await replica.sync()
                durable = last
            }
        }
        let images = try #require(disk.crashState()?.images(of: round % 2 == 0 ? .sector : .page))
        for _ in 0..<5 {
            try? FileManager.default.removeItem(atPath: after.path)
            try images.random(using: &generator).inAnotherBoot().write(to: after.path)
            let path = after.path + "/log"
            let again = try await LogReplica.open(at: path, of: Self.source, configuration: .small())
            let position = again.position.sequence.rawValue
            #expect(position >= durable, "round \(round)")
            #expect(again.recovery.findings.allSatisfy { !$0.classification.isDamage })
            try await again.append(Self.batch(position + 1...next + 50), to: Self.position(next + 50))
            try await again.close()
            #expect(try Self.hash(of: path) == Self.hash(through: next + 50), "round \(round)")
        }
        try await replica.close()
    }
}
