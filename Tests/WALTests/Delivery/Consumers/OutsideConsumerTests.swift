import Foundation
import Logging
import TestSupport
import Testing

@testable import WAL
@testable import WALDelivery

/// Consumers in other processes. The writer knows only their files. Retention removes the records of a file that it overlooks.
@Suite struct OutsideConsumerTests {
    private static let quick = ConsumerConfiguration(saveInterval: .milliseconds(5))

    /// A log of small segments that keeps only the records that consumers need.
    private static func configuration() -> WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.maxPreparedSegments = 1
        configuration.retention = WriteAheadLog.Retention(totalSize: 0)
        return configuration
    }

    /// Appends ten records in one new segment, and applies retention.
    private static func appendSegment(_ log: WriteAheadLog) async throws {
        for _ in 0..<10 { try await log.append(payload(1, size: 1000)) }
        try await log.roll()
        try await log.sync()
        await log.applyRetention()
    }

    private static func sequence(_ delivery: Consumer<LogEntry>.Delivery?) -> SequenceNumber? {
        guard case .record(let record)? = delivery?.entry else { return nil }
        return record.sequence
    }

    @Test func itResumesAfterItsPosition() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        for number in 1...5 { try await log.append(payload(number)) }
        try await log.sync()
        let readOnly = try ReadOnlyLog(at: directory.path)
        let consumer = try await readOnly.consumer(named: "index", configuration: Self.quick)
        var deliveries = consumer.makeAsyncIterator()
        for number in 1...3 {
            #expect(Self.sequence(try await deliveries.next()) == SequenceNumber(rawValue: UInt64(number)))
        }
        try await eventually { try readOnly.consumers.first?.position == 2 }
        let info = try #require(try readOnly.consumers.first)
        #expect(info.name == "index")
        #expect(info.process == Int(getpid()))
        #expect(info.expiresAt > Timestamp.now)
        try await consumer.close()
        let ended = try #require(try readOnly.consumers.first)
        #expect(ended.process == nil)
        #expect(ended.position == 2)

        let again = try await readOnly.consumer(named: "index", configuration: Self.quick)
        var rest = again.makeAsyncIterator()
        let third = try await rest.next()
        #expect(Self.sequence(third) == 3)
        #expect(third?.redeliveries == 1)
        #expect(Self.sequence(try await rest.next()) == 4)
        try await again.close()
        try await log.close()
    }

    /// After a power loss, other records get the numbers of records that weren't durable. A position past them would skip the new
    /// records.
    @Test func aPositionIsNeverPastTheDurableRecords() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        try await log.append(payload(1))
        try await log.sync()
        try await log.append(payload(2))
        let readOnly = try ReadOnlyLog(at: directory.path)
        let consumer = try await readOnly.consumer(named: "index", configuration: Self.quick)
        var batches = consumer.batches(of: 2, within: .milliseconds(20)).makeAsyncIterator()
        // With another batch here, the next call would wait forever.
        try #require(try await batches.next()?.deliveries.map(Self.sequence) == [1])
        let last = try await readOnly.consumer(named: "last", configuration: ConsumerConfiguration(start: .end))
        #expect(last.position == 1)
        try await log.sync()
        #expect(try await batches.next()?.deliveries.map(Self.sequence) == [2])
        try await last.close()
        try await consumer.close()
        try await log.close()
    }

    /// A lease of any length is refused or kept, and never stops the process.
    @Test func aVeryLongLease() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        let readOnly = try ReadOnlyLog(at: directory.path)
        await #expect {
            try await readOnly.consumer(named: "index", lease: ConsumerLease(lifetime: .seconds(Int64.max)))
        } throws: { ($0 as? WALError)?.code == .invalidArgument }
        let owner = try ConsumerOwner("index", of: readOnly, lifetime: .seconds(Int64.max), pinnedBytesMax: 1) { 0 }
        try owner.end(at: 0, isDone: true)
        #expect(try #require(try readOnly.consumers.first).expiresAt > Timestamp(rawValue: 1 << 62))
        try await log.close()
    }

    @Test func aNameHasOneOwner() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        let readOnly = try ReadOnlyLog(at: directory.path)
        let consumer = try await readOnly.consumer(named: "index")
        await #expect { try await ReadOnlyLog(at: directory.path).consumer(named: "index") } throws: { error in
            let error = error as? WALError
            return error?.code == .locked && error?.message.contains("process \(getpid())") == true
        }
        let other = try await readOnly.consumer(named: "other")
        try await other.close()
        try await consumer.close()
        try await readOnly.consumer(named: "index").close()
        for name in ["", "../x", "a.lock", "a b"] {
            await #expect { try await readOnly.consumer(named: name) } throws: {
                ($0 as? WALError)?.code == .invalidArgument
            }
        }
        try await log.close()
    }

    @Test func retentionKeepsWhatALiveConsumerNeeds() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        for _ in 0..<3 { try await Self.appendSegment(log) }
        let start = log.firstSequence
        #expect(start > 1)
        let readOnly = try ReadOnlyLog(at: directory.path)
        let consumer = try await readOnly.consumer(named: "index", configuration: Self.quick)
        for _ in 0..<10 { try await Self.appendSegment(log) }
        #expect(log.firstSequence == start)
        var deliveries = consumer.makeAsyncIterator()
        var next = start
        while next <= log.lastSequence {
            #expect(Self.sequence(try await deliveries.next()) == next)
            next = next.next
        }
        // The records before its position may be removed.
        try await eventually {
            await log.applyRetention()
            return log.firstSequence > start
        }
        #expect(log.firstSequence <= consumer.position.next)
        try await consumer.close()
        try await log.close()
    }

    /// Retention runs in the background.
    @Test func theWriterLetsGoOfADeadConsumer() async throws {
        let directory = TemporaryDirectory()
        let recording = RecordingLog()
        let metrics = RecordingMetrics()
        let log = try await WriteAheadLog.open(
            at: directory.path, configuration: Self.configuration(), logger: recording.logger, metrics: metrics)
        let readOnly = try ReadOnlyLog(at: directory.path)
        let lease = ConsumerLease(lifetime: .milliseconds(500))
        // Only the owner of the file, as after a kill of the consumer's process.
        let owner = Monitor<ConsumerOwner?>(
            try ConsumerOwner(
                "dead", of: readOnly, lifetime: lease.lifetime, pinnedBytesMax: lease.maxPinnedBytes
            ) { 0 })
        for _ in 0..<3 { try await Self.appendSegment(log) }
        owner.withLock { $0 = nil }
        try await eventually { log.firstSequence > 20 }
        try await eventually { recording.messages.all.contains { $0.metadata["wal.consumer"] == "dead" } }
        let message = try #require(recording.messages.all.first { $0.metadata["wal.consumer"] == "dead" })
        #expect(message.level == .warning)
        #expect(message.text == "records are no longer kept for a consumer")
        #expect(message.metadata["wal.message"] == "expired")
        try await eventually { metrics.values("wal.consumers.released{reason=expired}") == [1] }

        // The consumer returns, gets the lost range as a gap, continues, and its position keeps records again.
        let consumer = try await readOnly.consumer(named: "dead", configuration: Self.quick)
        var deliveries = consumer.makeAsyncIterator()
        let lost = try #require(try await deliveries.next())
        guard case .gap(let gap) = lost.entry else { return #expect(Bool(false), "\(lost.entry)") }
        #expect(gap.first == 1)
        #expect(gap.reason == .removed)
        #expect(Self.sequence(try await deliveries.next()) == gap.next)
        #expect(Self.sequence(try await deliveries.next()) == gap.next.next)
        await log.applyRetention()
        // The log's own thread may have noticed the change first, and be about to report it.
        try await eventually { recording.messages.all.contains { $0.text == "records are kept for a consumer again" } }
        try await consumer.close()
        try await log.close()
    }

    @Test func theWriterLetsGoOfAGreedyConsumer() async throws {
        let directory = TemporaryDirectory()
        let recording = RecordingLog()
        let log = try await WriteAheadLog.open(
            at: directory.path, configuration: Self.configuration(), logger: recording.logger)
        let readOnly = try ReadOnlyLog(at: directory.path)
        let lease = ConsumerLease(maxPinnedBytes: 50_000)
        let consumer = try await readOnly.consumer(named: "slow", configuration: Self.quick, lease: lease)
        for _ in 0..<4 { try await Self.appendSegment(log) }
        #expect(log.firstSequence == 1)
        for _ in 0..<4 { try await Self.appendSegment(log) }
        #expect(log.firstSequence > 1)
        try await eventually { recording.messages.all.contains { $0.metadata["wal.consumer"] == "slow" } }
        let message = try #require(recording.messages.all.first { $0.metadata["wal.consumer"] == "slow" })
        #expect(message.metadata["wal.message"] == "tooGreedy")
        #expect(message.metadata["wal.position"] == "0")
        // It begins with the first record, and gets those that are gone as a gap.
        var deliveries = consumer.makeAsyncIterator()
        guard case .gap(let gap)? = try await deliveries.next()?.entry else {
            Issue.record("no gap")
            return
        }
        #expect(gap.first == 1 && gap.reason == .removed)
        try await consumer.close()
        try await log.close()
    }

    /// Exchanges what two paths name, in one step.
    private static func exchange(_ path: String, _ other: String) throws {
        #if os(Linux)
            // Glibc's module hides the call.
            typealias Rename =
                @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
            let address = try #require(dlsym(nil, "renameat2"))
            let isExchange: UInt32 = 2
            let result = unsafeBitCast(address, to: Rename.self)(AT_FDCWD, path, AT_FDCWD, other, isExchange)
        #else
            let result = renamex_np(path, other, UInt32(RENAME_SWAP))
        #endif
        try #require(result == 0, "\(String(cString: strerror(errno)))")
    }

    /// An unreadable file must not stop retention, and must not release the records of its consumer.
    @Test func whatCanNotBeReadKeepsWhatItKeptBefore() async throws {
        let directory = TemporaryDirectory()
        let recording = RecordingLog()
        let log = try await WriteAheadLog.open(
            at: directory.path, configuration: Self.configuration(), logger: recording.logger)
        let readOnly = try ReadOnlyLog(at: directory.path)
        func owner(_ name: String) throws -> ConsumerOwner {
            try ConsumerOwner(name, of: readOnly, lifetime: .seconds(3600), pinnedBytesMax: 1 << 30) { 0 }
        }
        let sound = try owner("sound")
        let broken = try owner("broken")
        for _ in 0..<4 { try await Self.appendSegment(log) }
        try broken.save(10)
        await log.applyRetention()
        #expect(log.firstSequence == 1)

        // The log's own thread looks at the folder each second, and must see either the one or the other.
        let folder = directory.path + "/consumers"
        let spare = directory.path + "/spare"
        for path in [spare, folder + "/junk"] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        try Self.exchange(spare, folder + "/broken")
        try FileManager.default.removeItem(atPath: spare)
        try sound.save(40)
        for _ in 0..<2 { await log.applyRetention() }
        #expect(log.firstSequence == 11)
        try await eventually { recording.messages.all.contains { $0.metadata["wal.consumer"] == "broken" } }
        let messages = recording.messages.all.filter { $0.metadata["wal.consumer"] == "broken" }
        #expect(messages.map(\.text) == ["a consumer's file can't be used, so its last position counts"])

        // A link without a target doesn't mean that there are no consumers.
        try FileManager.default.createSymbolicLink(atPath: spare, withDestinationPath: directory.path + "/nowhere")
        try Self.exchange(spare, folder)
        for _ in 0..<2 { await log.applyRetention() }
        #expect(log.firstSequence == 11)
        func folderMessages() -> Int {
            recording.messages.all.count { $0.text.hasPrefix("the folder of consumers can't be read") }
        }
        try await eventually { folderMessages() > 0 }
        #expect(folderMessages() == 1)
        try await log.close()
    }

    /// Calls an action before the first removal of a segment.
    private final class FirstRemoval: StorageHook {
        private let action: Monitor<(@Sendable () -> Void)?>

        init(_ action: @escaping @Sendable () -> Void) { self.action = Monitor(action) }

        func before(_ call: StorageCall) -> StorageVerdict {
            guard case .remove(let path) = call, path.hasSuffix(".wal") else { return .proceed }
            let due = action.withLock { action in
                defer { action = nil }
                return action
            }
            due?()
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// One run of retention that removes several segments may take long.
    @Test func aConsumerThatBeginsDuringARunKeepsTheRest() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        try log.setCursor("hold", to: 0)
        for _ in 0..<4 { try await Self.appendSegment(log) }
        let readOnly = try ReadOnlyLog(at: directory.path)
        let hook = FirstRemoval {
            #expect(throws: Never.self) {
                _ = try ConsumerOwner("new", of: readOnly, lifetime: .seconds(3600), pinnedBytesMax: 1 << 30) { 10 }
            }
        }
        StorageHooks.install(hook, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        try log.removeCursor("hold")
        await log.applyRetention()
        #expect(try readOnly.consumers.map(\.name) == ["new"])
        #expect(log.firstSequence == 11)
        try await log.close()
    }

    /// Files that no consumer wrote don't make a log with a budget remove unread records.
    @Test func atTheBudgetForeignFilesLetNothingGo() async throws {
        let directory = TemporaryDirectory()
        var configuration = Self.configuration()
        configuration.retention = WriteAheadLog.Retention()
        configuration.diskBudget = 512 << 10
        configuration.whenFull = .fail
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        let folder = directory.path + "/consumers"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try Data("notes".utf8).write(to: URL(filePath: folder + "/README"))
        await #expect { for _ in 0..<2000 { try await log.append(payload(1, size: 1000)) } } throws: {
            ($0 as? WALError)?.code == .logFull
        }
        #expect(log.firstSequence == 1)
        try await log.close()
    }

    /// With a disk budget, a dead consumer must not stop appends forever.
    @Test func aDeadConsumerDoesNotUseUpTheBudget() async throws {
        let directory = TemporaryDirectory()
        var configuration = Self.configuration()
        configuration.retention = WriteAheadLog.Retention()
        configuration.diskBudget = 512 << 10
        configuration.whenFull = .wait(.seconds(300))
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        let readOnly = try ReadOnlyLog(at: directory.path)
        _ = try ConsumerOwner("dead", of: readOnly, lifetime: .milliseconds(300), pinnedBytesMax: 1 << 30) { 0 }
        for number in 0..<2000 { try await log.append(payload(number, size: 1000)) }
        #expect(log.firstSequence > 1)
        #expect(log.statistics.diskBytes <= 512 << 10)
        try await log.close()
    }

    @Test func aFollowerMayBeStartedBeforeTheLog() async throws {
        let directory = TemporaryDirectory()
        let path = directory.path
        let following = Task {
            let readOnly = try await ReadOnlyLog.waitForLog(at: path)
            let consumer = try await readOnly.consumer(named: "early", configuration: Self.quick)
            var deliveries = consumer.makeAsyncIterator()
            let first = Self.sequence(try await deliveries.next())
            try await consumer.close()
            return first
        }
        try await Task.sleep(for: .milliseconds(100))
        let log = try await WriteAheadLog.open(at: path, configuration: Self.configuration())
        try await log.append(payload(1))
        try await log.sync()
        #expect(try await following.value == 1)
        try await log.close()

        let file = path + "-file"
        try Data().write(to: URL(filePath: file))
        await #expect { try await ReadOnlyLog.waitForLog(at: file) } throws: {
            ($0 as? WALError)?.code == .notALogDirectory
        }

        let never = Task { try await ReadOnlyLog.waitForLog(at: path + "-never") }
        never.cancel()
        await #expect { try await never.value } throws: { ($0 as? WALError)?.code == .cancelled }
    }

    @Test func aFileThatIsNotItsOwnIsRefusedWithARemedy() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        for number in 1...5 { try await log.append(payload(number)) }
        let readOnly = try ReadOnlyLog(at: directory.path)
        let consumer = try await readOnly.consumer(named: "index", configuration: Self.quick)
        try await consumer.close()
        let file = directory.path + "/consumers/index"
        let whole = [UInt8](try Data(contentsOf: URL(filePath: file)))
        let state = try #require(ConsumerState.decode(whole))

        func code(_ bytes: [UInt8]) async throws -> WALError.Code? {
            try Data(bytes).write(to: URL(filePath: file))
            do throws(WALError) {
                try await readOnly.consumer(named: "index").close()
                return nil
            } catch {
                #expect(error.message.contains("Remove \(file)"), "\(error)")
                return error.code
            }
        }
        var other = state
        other.logID = .random()
        #expect(try await code(other.encoded) == .notALogDirectory)
        var ahead = state
        ahead.position = 6
        #expect(try await code(ahead.encoded) == .sinkAhead)
        for offset in whole.indices {
            var changed = whole
            changed[offset] ^= 1
            #expect(ConsumerState.decode(changed) == nil)
        }
        #expect(try await code(Array(whole.dropLast())) == .corrupted)
        var newer = whole
        newer[8] = 2
        #expect(try await code(newer + [0]) == .versionTooNew)
        #expect(try readOnly.consumers.map(\.position.rawValue) == [state.position])
        try Data(whole.dropLast()).write(to: URL(filePath: file))
        #expect(try readOnly.consumers.isEmpty)
        #expect(try await code(whole) == nil)
        try await log.close()
    }

    @Test func aParkedRecordIsInAFolderOfTheConsumer() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        try await log.append(payload(1))
        try await log.sync()
        let consumer = try await ReadOnlyLog(at: directory.path).consumer(named: "index", configuration: Self.quick)
        var deliveries = consumer.makeAsyncIterator()
        try await #require(try await deliveries.next()).park("poison")
        var letters = try DeadLetterReader(logDirectory: directory.path + "/consumers/index.parked")
        #expect(try letters.next()?.reason == "poison")
        #expect(consumer.position == 1)
        try await consumer.close()
        try await log.close()
    }

    /// A program that closes a consumer from a signal's handler and after its loop ended before the position was saved.
    @Test func aSecondCloseWaitsForTheFirst() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        for number in 1...5 { try await log.append(payload(number)) }
        try await log.sync()
        let readOnly = try ReadOnlyLog(at: directory.path)
        let consumer = try await readOnly.consumer(named: "index")
        var deliveries = consumer.makeAsyncIterator()
        for _ in 1...4 { _ = try await deliveries.next() }
        let gate = SyncGate()
        gate.close(for: .seconds(240))
        StorageHooks.install(gate, for: directory.path + "/consumers")
        defer { StorageHooks.remove(from: directory.path + "/consumers") }
        let first = Task { try await consumer.close() }
        try await eventually { gate.isHoldingOne }
        let hasEnded = Monitor(false)
        let second = Task {
            defer { hasEnded.withLock { $0 = true } }
            try await consumer.close()
        }
        for _ in 0..<1000 { await Task.yield() }
        #expect(!hasEnded.withLock { $0 } && gate.isClosed)
        gate.open()
        try await first.value
        try await second.value
        #expect(try readOnly.consumers.first?.position == 3)
        try await log.close()
    }

    /// Each record that was parked took a segment.
    @Test func parkedRecordsShareASegment() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: Self.configuration())
        for number in 1...50 { try await log.append(payload(number)) }
        try await log.sync()
        let readOnly = try ReadOnlyLog(at: directory.path)
        let consumer = try await readOnly.consumer(named: "index")
        var deliveries = consumer.makeAsyncIterator()
        for _ in 1...50 { try await deliveries.next()?.park("bad") }
        try await consumer.close()
        let parked = directory.path + "/consumers/index.parked/dead-letters"
        let names = try FileManager.default.contentsOfDirectory(atPath: parked).filter { $0.hasSuffix(".wal") }
        #expect(names.count <= 3, "\(names)")
        #expect(try readAll(try ReadOnlyLog(at: parked).reader(from: 1)).count == 50)
        try await log.close()
    }
}
