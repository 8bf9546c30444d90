import Foundation
import Synchronization
import TestSupport
import Testing

@testable import WAL

/// Opens a log on a disk whose files can be made to fail.
private func openOnBadDisk(
    _ path: String, _ policy: WriteAheadLog.SyncPolicy = .manual
) async throws -> (log: WriteAheadLog, disk: BadFiles) {
    let disk = BadFiles()
    StorageHooks.install(disk, for: path)
    return (try await WriteAheadLog.open(at: path, configuration: .small(policy)), disk)
}

/// After a failed sync, the kernel may have dropped the pages that it couldn't write, and the next sync succeeds ("fsyncgate"). A
/// log that trusted that sync would acknowledge records that aren't on the disk.
@Suite struct SyncFailureTests {
    private func poisonedFiles(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".poisoned") }
    }

    private func inode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func whatASyncFailedForIsWrittenToAFreshFileAndAppendingGoesOn(_ policy: WriteAheadLog.SyncPolicy) async throws {
        let directory = TemporaryDirectory()
        let (log, disk) = try await openOnBadDisk(directory.path, policy)
        defer { StorageHooks.remove(from: directory.path) }
        for number in 1...10 { try await log.append(payload(number)) }
        try await log.sync()
        try log.setCursor("consumer", to: 7)
        let reader = log.reader()
        for _ in 1...5 { _ = try reader.next() }
        let name = try #require(try segmentNames(directory.path).first)
        let before = try inode(directory.path + "/" + name)
        disk.addActiveSegment(of: log)
        for number in 11...12 { try await log.append(payload(number)) }
        #expect(try await log.sync() == 12)
        #expect(try inode(directory.path + "/" + name) != before)
        #expect(try poisonedFiles(in: directory.path) == [])
        for number in 13...14 { try await log.append(payload(number)) }
        #expect(try await log.sync() == 14)
        #expect(try readAll(reader).map(\.payload) == (6...14).map { payload($0) })
        #expect(try readAll(log.reader()).map(\.payload) == (1...14).map { payload($0) })
        try await log.close()

        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small(policy))
        #expect(reopened.recovery.findings.isEmpty)
        #expect(try readAll(reopened.reader()).map(\.payload) == (1...14).map { payload($0) })
        #expect(reopened.cursors["consumer"] == 7)
        try await reopened.close()
    }

    @Test func aSealedSegmentWhoseSyncFailsIsReplacedAmidOthers() async throws {
        let directory = TemporaryDirectory()
        let (log, disk) = try await openOnBadDisk(directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        for number in 1...40 {
            try await log.append(payload(number))
            if number % 10 == 0 { try await log.roll() }
        }
        try await eventually { log.segments.count { $0.state == .sealed } == 4 }
        for segment in log.segments[1...2] { disk.add(segment.path) }
        #expect(try await log.sync() == 40)
        #expect(try poisonedFiles(in: directory.path) == [])
        try await log.append(payload(41))
        #expect(try readAll(log.reader()).map(\.payload) == (1...41).map { payload($0) })
        try await log.close()
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small(.manual))
        #expect(reopened.recovery.findings.isEmpty)
        #expect(try readAll(reopened.reader()).map(\.payload) == (1...41).map { payload($0) })
        try await reopened.close()
    }

    @Test func appendsGoOnWhileSyncsFailUnderThem() async throws {
        let directory = TemporaryDirectory()
        let (log, disk) = try await openOnBadDisk(directory.path, .always)
        defer { StorageHooks.remove(from: directory.path) }
        let last = Atomic(0)
        let writers = (0..<4).map { writer in
            Thread {
                for number in 0..<500 {
                    while true {
                        do throws(WALError) {
                            try log.appendBlocking(payload(writer * 1000 + number))
                            break
                        } catch {
                            // A thread that stands still in an append for a second poisons the log for a while.
                            guard error.isRetriable else { return }
                            usleep(1000)
                        }
                    }
                }
                last.wrappingAdd(1, ordering: .relaxed)
            }
        }
        for round in 0..<10 {
            disk.addActiveSegment(of: log)
            // The first sync certainly has unsynced records.
            if round == 0 { for writer in writers { writer.start() } }
            try await Task.sleep(for: .milliseconds(10))
        }
        try await eventually { writers.allSatisfy(\.isFinished) }
        #expect(last.load(ordering: .relaxed) == 4)
        #expect(log.durableSequence >= 2000)
        let replaced = log.engine.catalog.state.withLock { state in
            state.entries.count { $0.segment.header.replacedIncarnation != 0 }
        }
        #expect(replaced > 0)
        try await log.close()
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        #expect(reopened.recovery.findings.isEmpty, "\(reopened.recovery.findings)")
        let payloads = Set(try readAll(reopened.reader()).map(\.payload))
        #expect(payloads.count == 2000)
        try await reopened.close()
    }

    /// Moves a log's directory away just before the copy of a segment gets its name.
    private final class MovingDisk: StorageHook {
        let files = BadFiles()
        private let directory: String
        private let number = Monitor<UInt64?>(nil)

        init(_ directory: String) {
            self.directory = directory
        }

        func move(atReplacementOf segment: UInt64) {
            number.withLock { $0 = segment }
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            if case .rename(let path, _) = call {
                number.withLock { number in
                    guard let segment = number, path.hasSuffix("/" + SegmentName.temporary(segment)) else { return }
                    number = nil
                    rename(directory, directory + "-moved")
                }
            }
            return files.before(call)
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// The new file is durable, and this can't be published. A second replacement would have another incarnation than
    /// the one that readers know.
    @Test func aSegmentIsReplacedOnceIfTheDirectoryIsGoneMeanwhile() async throws {
        let directory = TemporaryDirectory()
        let disk = MovingDisk(directory.path)
        StorageHooks.install(disk, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...10 { try await log.append(payload(number)) }
        let active = try #require(log.segments.last { $0.state == .active })
        disk.files.addActiveSegment(of: log)
        disk.move(atReplacementOf: active.number)
        #expect(await #expect(throws: WALError.self) { try await log.sync() }?.code == .directoryGone)
        #expect(log.durableSequence == .zero)
        #expect(rename(directory.path + "-moved", directory.path) == 0)
        try await eventually { log.durableSequence == 10 }
        try await eventually { (try? await log.append(payload(11))) != nil }
        #expect(try readEntries(log.reader()).count == 11)
        #expect(try readAll(log.reader()).map(\.payload) == (1...11).map { payload($0) })
        #expect(try poisonedFiles(in: directory.path) == [])
        try await log.close()
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        #expect(reopened.recovery.findings.isEmpty)
        #expect(try readAll(reopened.reader()).map(\.payload) == (1...11).map { payload($0) })
        try await reopened.close()
    }

    /// No file accepts a byte, so the records can't be written elsewhere. Then the disk works again.
    @Test func aLogThatCannotWriteElsewhereTellsSoAndResumesByItself() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            let (log, disk) = try await openOnBadDisk(path)
            for number in 1...10 { try await log.append(payload(number)) }
            try await log.sync()
            let drained = Task {
                var payloads: [[UInt8]] = []
                for try await record in log.records(visibility: .durable) {
                    payloads.append(record.payload)
                    if payloads.count == 12 { break }
                }
                return payloads
            }
            try await log.append(payload(11))
            disk.addActiveSegment(of: log)
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let usual = limit
            limit.rlim_cur = 0
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)

            #expect(await #expect(throws: WALError.self) { try await log.sync() }?.code == .indeterminate)
            #expect(log.durableSequence == 10)
            let refused = #expect(throws: WALError.self) { try log.appendBlocking([1]) }
            #expect(refused?.code == .poisoned && refused?.isRetriable == true)
            #expect(try readAll(log.reader()).count == 11)
            #expect(try readAll(log.reader(visibility: .durable)).count == 10)
            try log.setCursor("consumer", to: 5)

            limit = usual
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            try await eventually { log.durableSequence == 11 }
            try await eventually { (try? await log.append(payload(12))) != nil }
            try await log.sync()
            #expect(try await drained.value == (1...12).map { payload($0) })
            try await log.close()
        }
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        #expect(reopened.recovery.findings.isEmpty)
        #expect(try readAll(reopened.reader()).map(\.payload) == (1...12).map { payload($0) })
        #expect(reopened.cursors["consumer"] == 5)
        try await reopened.close()
    }

    /// If another leader failed between the end of a failure and the opening of the log, the log would be open with a
    /// failure, and maintenance retries only in a poisoned one.
    @Test(.timeLimit(.minutes(10))) func `a log that recovers is open before another thread leads`() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        let (commit, catalog) = (log.engine.commit, log.engine.catalog)
        Thread.detachNewThread {
            while catalog.state.wait({ state -> Bool? in
                state.phase.isPoisoned ? true : state.phase.isClosingOrClosed ? false : nil
            }) == true {
                commit.recoverFromPoisoning()
            }
        }
        // Leaders fail while the log recovers. Between the end of a recovery and the open phase, a failure would stay for good.
        for _ in 0..<500 {
            for _ in 0..<4 {
                try? commit.lead { (_) throws(WALError) in throw WALError(.inputOutput, "A sync failed.") }
                NamedThread.yield()
            }
            while catalog.state.withLock(\.phase.isPoisoned) || commit.state.withLock({ $0.failure != nil }) {
                NamedThread.yield()
            }
        }
        #expect(try log.appendBlocking(payload(1)) == 1)
        #expect(try log.syncBlocking() == 1)
        try log.closeBlocking()
    }

    @Test func aProcessThatDiesBeforeItCouldWriteElsewhereLeavesThatToTheNextOpening() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
            let (log, disk) = try await openOnBadDisk(path)
            for number in 1...11 { try await log.append(payload(number)) }
            disk.addActiveSegment(of: log)
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 0, rlim_max: .max)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            await #expect(throws: WALError.self) { try await log.sync() }
            kill(getpid(), SIGKILL)
        }
        let name = try #require(try segmentNames(directory.path).first)
        let before = try inode(directory.path + "/" + name)
        #expect(try poisonedFiles(in: directory.path).count == 1)
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        #expect(!reopened.recovery.isDamaged)
        #expect(try readAll(reopened.reader()).map(\.payload) == (1...11).map { payload($0) })
        #expect(try inode(directory.path + "/" + name) != before)
        #expect(try poisonedFiles(in: directory.path) == [])
        try await reopened.close()
    }

    /// A process without the mark would sync the same file again after a restart.
    @Test func theMarkNeedsNoOpenFile() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .success) { [path = directory.path as String] in
            let log = try await WriteAheadLog.open(at: path, configuration: .small())
            try await log.append(payload(1))
            let folder = try Directory(path: path)
            let number = log.segments[0].number
            var limit = rlimit(rlim_cur: 0, rlim_max: .max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            PoisonMark.set(number, in: folder)
            exit(folder.has(SegmentName.poisoned(number)) ? 0 : 1)
        }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        #expect(try readAll(log.reader()).map(\.payload) == [payload(1)])
        #expect(try poisonedFiles(in: directory.path) == [])
        try await log.close()
    }

    /// The kernel drops a page that it couldn't write, and then reads the old page from the disk.
    @Test func pagesThatTheKernelDroppedAreNotAcknowledged() async throws {
        let directory = TemporaryDirectory()
        let (log, disk) = try await openOnBadDisk(directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        for number in 1...10 { try await log.append(payload(number)) }
        try await log.sync()
        for number in 11...13 { try await log.append(payload(number)) }
        let name = try #require(try segmentNames(directory.path).first)
        let image = LogImage(files: try contents(of: directory.path), names: [name], payloads: [:])
        let dropped = try #require(image.frames(name).first { $0.sequences == 12..<13 })
        let file = try FileHandle(forWritingTo: URL(filePath: directory.path + "/" + name))
        try file.seek(toOffset: UInt64(dropped.offset))
        try file.write(contentsOf: Data(count: dropped.end - dropped.offset))
        try file.close()
        disk.addActiveSegment(of: log)
        #expect(await #expect(throws: WALError.self) { try await log.sync() }?.code == .indeterminate)
        #expect(log.durableSequence == 10)
        #expect(#expect(throws: WALError.self) { try log.appendBlocking([1]) }?.code == .poisoned)
        #expect(throws: WALError.self) { try log.closeBlocking() }
        let reopened = try await WriteAheadLog.open(at: directory.path, configuration: .small(.manual))
        #expect(reopened.recovery.findings.map(\.classification) == [.corruption])
        #expect(reopened.recovery.findings.first?.sequences == 12...12)
        #expect(
            try readAll(reopened.reader()).map(\.payload) == ((1...11) + [13]).map { payload($0) })
        try await reopened.close()
    }
}

/// A footer is written before its segment is synced. After a power loss it may be on the disk without the frames before it. A
/// reader that trusted it would present a hole as the log.
@Suite struct PowerLossTests {
    @Test func aFooterDoesNotVouchForFramesThatWereNeverSynced() async throws {
        let path = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let log = try await WriteAheadLog.open(at: path, configuration: .small())
            for number in 1...20 { try await log.append(payload(number)) }
            try await log.roll()
            try await eventually { log.segments.first?.state == .sealed }
            for number in 21...30 { try await log.append(payload(number)) }
            kill(getpid(), SIGKILL)
        }
        let files = try contents(of: path).filter { $0.key.hasSuffix(".wal") && $0.value[12] == 1 }
        var image = LogImage(files: files, names: files.keys.sorted(), payloads: [:]).ofOtherBoot()
        let frames = image.frames(image.names[0]).filter { !$0.sequences.isEmpty }
        image.files[image.names[0]]?.replaceSubrange(
            frames[4].offset..<frames[8].offset, with: Data(count: frames[8].offset - frames[4].offset))
        try image.write(to: path)
        let log = try await WriteAheadLog.open(at: path, configuration: .small())
        #expect(log.recovery.findings.first?.classification == .tornTail)
        #expect(!log.recovery.isDamaged)
        #expect(try readAll(log.reader()).map(\.payload) == (1...4).map { payload($0) })
        #expect(try await log.append([1]) > 30)
        try await log.close()
        let again = try await WriteAheadLog.open(at: path, configuration: .small())
        #expect(again.recovery.findings.isEmpty, "\(again.recovery.findings)")
        try await again.close()
    }

    @Test func anUntouchedLogOfAnotherBootIsWhole() async throws {
        let path = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let image = try await LogImage.make().ofOtherBoot()
        try image.write(to: path)
        let log = try await WriteAheadLog.open(at: path, configuration: .small())
        #expect(log.recovery.findings.isEmpty, "\(log.recovery.findings)")
        #expect(try readAll(log.reader()).count == image.payloads.count)
        #expect(log.bookmarks["input"]?.position == 2000)
        #expect(log.cursors["consumer"] == 3)
        try await log.close()
    }
}
