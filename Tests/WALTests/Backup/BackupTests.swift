import Foundation
import Synchronization
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// A backup that can't be restored, or that restores other records than the log had, is found when it is needed most.
struct BackupTests {
    private let place = TemporaryDirectory()
    private var source: String { place.path + "/log" }
    private var target: String { place.path + "/backup" }

    init() throws {
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
    }

    private static var configuration: WriteAheadLog.Configuration {
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.maxPreparedSegments = 1
        return configuration
    }

    /// A log whose record N has the payload N, with ten records in each segment, all durable.
    private func makeLog(segments: Int) throws {
        let log = try WriteAheadLog.openBlocking(at: source, configuration: Self.configuration)
        for number in 1...10 * segments {
            try log.appendBlocking(payload(number))
            if number % 10 == 0 { try log.rollBlocking() }
        }
        try log.closeBlocking()
    }

    private func records(_ directory: String) throws -> [LogRecord] {
        try readAll(ReadOnlyLog(at: directory).reader())
    }

    private final class Stop: Sendable {
        let isSet = Atomic(false)
    }

    @Test(.timeLimit(.minutes(10))) func besideAWriterEachRestoreHasTheRecordsOfTheLog() async throws {
        let (source, target) = (source, target)
        var configuration = Self.configuration
        configuration.sealedCompression = .lz4
        configuration.retention.totalSize = 256 << 10
        configuration.syncPolicy = .interval(.milliseconds(1))
        let log = try await WriteAheadLog.open(at: source, configuration: configuration)
        try await log.append(payload(1))
        try await log.sync()
        let stop = Stop()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var number = 1
                while !stop.isSet.load(ordering: .relaxed) {
                    number += 1
                    try await log.append(payload(number, size: number % 7 == 0 ? 3000 : 100))
                    if number % 100 == 0 {
                        try log.setCursor("reader", to: SequenceNumber(rawValue: UInt64(number - 50)))
                    }
                    if number % 5 == 0 { try await Task.sleep(for: .milliseconds(5)) }
                }
            }
            defer { stop.isSet.store(true, ordering: .relaxed) }
            for round in 0..<4 {
                let durable = try ReadOnlyLog(at: source).durableSequence
                let summary = try await LogBackup.make(of: source, to: target, lifetime: .seconds(1))
                #expect(summary.lastSequence >= durable && summary.highestSequence >= summary.lastSequence)
                let copy = "\(place.path)/copy-\(round)"
                let restored = try await LogBackup.restore(target, to: copy)
                #expect(restored.lastSequence == summary.lastSequence)
                #expect(try await !Verification.verify(at: copy).isDamaged)
                let found = try records(copy)
                #expect(found.first?.sequence ?? 1 == summary.firstSequence)
                let numbers = summary.firstSequence.rawValue...summary.lastSequence.rawValue
                #expect(found.map(\.sequence.rawValue) == Array(numbers))
                for record in found {
                    let number = Int(record.sequence.rawValue)
                    #expect(record.payload == payload(number, size: number == 1 ? 24 : number % 7 == 0 ? 3000 : 100))
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        try await log.close()
    }

    @Test func aSecondBackupCopiesOnlyNewSegments() throws {
        try makeLog(segments: 3)
        let first = try LogBackup.makeBlocking(of: source, to: target)
        #expect(first.copiedSegmentCount == first.segmentCount && first.lastSequence == 30)
        let again = try LogBackup.makeBlocking(of: source, to: target)
        #expect(again.copiedSegmentCount == 0 && again.segmentCount == first.segmentCount)
        let log = try WriteAheadLog.openBlocking(at: source, configuration: Self.configuration)
        try log.appendBlocking(payload(31))
        try log.closeBlocking()
        let third = try LogBackup.makeBlocking(of: source, to: target)
        #expect(third.copiedSegmentCount == third.segmentCount - first.segmentCount && third.lastSequence == 31)
        #expect(third.copiedSegmentCount > 0)
        // A backup copies a damaged file again.
        let name = try #require(try segmentNames(target).first)
        try change(name) { $0[2000 % $0.count] ^= 1 }
        #expect(try LogBackup.makeBlocking(of: source, to: target).copiedSegmentCount == 1)
        _ = try LogBackup.restoreBlocking(target, to: place.path + "/copy")
        #expect(try records(place.path + "/copy") == records(source))
    }

    /// A restored log has given other records the numbers that the backup has from the log before. Its last segment from the backup
    /// has the old number and incarnation, and ends earlier.
    @Test(arguments: [nil, 15] as [SequenceNumber?])
    func aRestoredLogIsBackedUpOverTheBackupOfTheLogBefore(end: SequenceNumber?) throws {
        let log = try WriteAheadLog.openBlocking(at: source, configuration: Self.configuration)
        for number in 1...15 { try log.appendBlocking(payload(number)) }
        try log.syncBlocking()
        let early = place.path + "/early"
        if end == nil { _ = try LogBackup.makeBlocking(of: source, to: early) }
        for number in 16...20 { try log.appendBlocking(payload(number)) }
        try log.closeBlocking()
        _ = try LogBackup.makeBlocking(of: source, to: target)
        let (restored, again) = (place.path + "/restored", place.path + "/again")
        _ = try LogBackup.restoreBlocking(
            end == nil ? early : target, to: restored, upTo: end.map { .sequence($0) } ?? .end)
        let next = try WriteAheadLog.openBlocking(at: restored, configuration: Self.configuration)
        for number in 1...3 { try next.appendBlocking(payload(100 + number)) }
        try next.closeBlocking()
        _ = try LogBackup.makeBlocking(of: restored, to: target)
        _ = try LogBackup.restoreBlocking(target, to: again)
        #expect(try records(again) == records(restored))
        #expect(try records(again).count < 20)
    }

    /// A restore to a record before the backup would put an empty log into service.
    @Test(arguments: [1, 11] as [SequenceNumber]) func aPointBeforeTheBackupIsRefused(first: SequenceNumber) throws {
        try makeLog(segments: 3)
        let time = Timestamp(rawValue: try #require(try records(source).first).time.rawValue - 1)
        if first > 1 { try FileManager.default.removeItem(atPath: source + "/" + segmentNames(source)[0]) }
        #expect(try LogBackup.makeBlocking(of: source, to: target).firstSequence == first)
        let previous = SequenceNumber(rawValue: first.rawValue - 1)
        for point in [.sequence(0), .sequence(previous), .time(time)] as [LogBackup.RestorePoint] {
            let error = #expect(throws: WALError.self) {
                try LogBackup.restoreBlocking(target, to: place.path + "/copy", upTo: point)
            }
            #expect(error?.code == .removed)
            #expect(!FileManager.default.fileExists(atPath: place.path + "/copy"))
        }
        #expect(
            try LogBackup.restoreBlocking(target, to: place.path + "/copy", upTo: .sequence(first)).lastSequence
                == first)
    }

    @Test(arguments: ["v1.1", "v1.1-lz4"]) func eachNumberOfAGoldenLogRestoresThePrefix(_ version: String) throws {
        try FileManager.default.copyItem(
            atPath: GoldenTests.folder.appending(path: version).path, toPath: source)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        let all = try records(source)
        // The ends of frames: five records, two batches, and a record. A restore has a whole batch or none of it.
        let ends: [UInt64] = [0, 1, 2, 3, 4, 5, 10, 60, 61]
        for number in [1, 4, 5, 6, 9, 10, 11, 59, 60, 61, 62] as [UInt64] {
            let copy = "\(place.path)/copy-\(number)"
            let restored = try LogBackup.restoreBlocking(
                target, to: copy, upTo: .sequence(SequenceNumber(rawValue: number)))
            let end = try #require(ends.last { $0 <= number })
            #expect(restored.lastSequence.rawValue == end, "\(number)")
            #expect(try records(copy) == all.filter { $0.sequence.rawValue <= end }, "\(number)")
            try FileManager.default.removeItem(atPath: copy)
        }
        let copy = place.path + "/copy"
        _ = try LogBackup.restoreBlocking(target, to: copy, upTo: .sequence(7))
        let log = try WriteAheadLog.openBlocking(at: copy, configuration: .small())
        #expect(log.recovery.findings.isEmpty)
        #expect(try log.appendBlocking(payload(1)) == 62)
        try log.closeBlocking()
        let gaps = try readEntries(ReadOnlyLog(at: copy).reader()).compactMap {
            if case .gap(let gap) = $0 { gap } else { nil }
        }
        #expect(gaps.map(\.first) == [6] && gaps.map(\.last) == [61])
        #expect(gaps.allSatisfy { $0.isLoss })
    }

    @Test func aTimeEndsTheRestoreBeforeTheFirstLaterRecord() throws {
        try makeLog(segments: 2)
        let all = try records(source)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        for index in [0, 7, 12, 19] {
            let copy = "\(place.path)/copy-\(index)"
            let time = all[index].time
            _ = try LogBackup.restoreBlocking(target, to: copy, upTo: .time(time))
            #expect(try records(copy) == Array(all.prefix { $0.time <= time }))
        }
    }

    /// A record before the point is damaged, and a repair has put a mark in its place. The search for the point must
    /// pass the mark.
    @Test func aTimeAfterALostRecordIsFound() throws {
        let log = try WriteAheadLog.openBlocking(at: source, configuration: Self.configuration)
        for number in 1...8 { try log.appendBlocking(payload(number)) }
        let time = Timestamp.now
        eventuallyBlocking { Timestamp.now > time }
        for number in 9...10 { try log.appendBlocking(payload(number)) }
        try log.closeBlocking()
        let file = URL(filePath: source + "/" + (try segmentNames(source)[0]))
        var data = try Data(contentsOf: file)
        let offset = try #require(data.range(of: Data(payload(5)))).lowerBound
        data[offset] ^= 1
        try data.write(to: file)
        var configuration = Self.configuration
        configuration.recoveryScope = .everything
        let repaired = try WriteAheadLog.openBlocking(at: source, configuration: configuration)
        #expect(repaired.recovery.findings.map(\.sequences) == [5...5])
        try repaired.closeBlocking()
        _ = try LogBackup.makeBlocking(of: source, to: target)
        let restored = try LogBackup.restoreBlocking(target, to: place.path + "/copy", upTo: .time(time))
        #expect(restored.lastSequence == 8)
        #expect(try records(place.path + "/copy").map(\.sequence) == [1, 2, 3, 4, 6, 7, 8])
    }

    /// The durable frames of a segment that is being written, with zeros after them.
    @Test func theActiveSegmentIsThereUpToADurableFrame() throws {
        let log = try WriteAheadLog.openBlocking(at: source, configuration: Self.configuration)
        for number in 1...5 { try log.appendBlocking(payload(number)) }
        try log.syncBlocking()
        try log.appendBlocking(payload(6))
        let summary = try LogBackup.makeBlocking(of: source, to: target)
        #expect(summary.lastSequence <= 5 && summary.highestSequence == 6)
        let restored = try LogBackup.restoreBlocking(target, to: place.path + "/copy")
        let copy = try WriteAheadLog.openBlocking(at: place.path + "/copy", configuration: .small())
        #expect(try copy.appendBlocking(payload(7)) == 7)
        #expect(restored.lastSequence == summary.lastSequence)
        try copy.closeBlocking()
        try log.closeBlocking()
    }

    /// Puts a file of a segment without a footer in place before the first copy gets its name, and a sealed file of
    /// this segment when its frames are read.
    private final class Sealer: StorageHook {
        private enum Step {
            case unsealed, sealed, done
        }

        private let place: String
        private let path: String
        private let capacity: Int
        private let isCompressed: Bool
        private let step = Monitor(Step.unsealed)
        var isDone: Bool { step.withLock { $0 == .done } }

        init(_ place: String, segment path: String, capacity: Int, isCompressed: Bool) {
            self.place = place
            self.path = path
            self.capacity = capacity
            self.isCompressed = isCompressed
        }

        func before(_ call: StorageCall) -> StorageVerdict {
            step.withLock { step in
                switch (call, step) {
                case (.rename(_, let newPath), .unsealed) where newPath.hasPrefix(place + "/backup/"):
                    #expect(rename(place + "/unsealed", path) == 0)
                    step = .sealed
                case (.read(_, let offset, let count), .sealed) where offset == 0 && count == capacity:
                    #expect(unlink(path) == 0)
                    #expect(rename(place + "/sealed", isCompressed ? path + ".lz4" : path) == 0)
                    step = .done
                default: break
                }
            }
            return .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// The first copy of its header isn't whole, so the backup looks at the file again. By then, the file is
    /// compressed, or replaced after a failed sync. The backup must not lack its records, or report the segment before
    /// as missing.
    @Test(arguments: [true, false]) func aSegmentThatIsSealedMeanwhileIsThere(isCompressed: Bool) throws {
        try makeLog(segments: 3)
        let before = try records(source)
        let name = try segmentNames(source)[1]
        let number = try #require(SegmentName.number(name))
        let segment = try ExaminedSegment(Directory(path: source), number: number, isWritten: false)
        let header = try #require(segment.header)
        let footer = try #require(segment.footer)
        let capacity = Int(header.capacity)
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(source)/\(name)")))
        var unsealed = Array(bytes[..<footer.offset]) + [UInt8](repeating: 0, count: capacity - footer.offset)
        unsealed[SegmentHeader.Offset.predecessorIncarnation] ^= 1
        try Data(unsealed).write(to: URL(filePath: place.path + "/unsealed"))
        let sealed = try File(place.path + "/sealed", .create)
        if isCompressed {
            let size = try SegmentCompressor.compress(
                try segment.file.file, size: bytes.count, to: sealed, isStopped: { false })
            try #require(size != nil)
        } else {
            let written = try bytes.withUnsafeBytes { bytes in
                try SegmentRewrite.write(
                    header: header, contents: SegmentBytes(bytes), to: sealed, end: footer.offset,
                    recordCount: footer.end.recordCount, markersBefore: footer.markers)
            }
            try #require(written.isWhole)
        }

        let sealer = Sealer(
            place.path, segment: "\(source)/\(name)", capacity: capacity, isCompressed: isCompressed)
        StorageHooks.install(sealer, for: place.path)
        defer { StorageHooks.remove(from: place.path) }
        _ = try LogBackup.makeBlocking(of: source, to: target)
        #expect(sealer.isDone)
        _ = try LogBackup.restoreBlocking(target, to: place.path + "/copy")
        #expect(try records(place.path + "/copy") == before)
    }

    private func change(_ name: String, _ body: (inout Data) -> Void) throws {
        let file = URL(filePath: "\(target)/\(name)")
        var data = try Data(contentsOf: file)
        body(&data)
        try data.write(to: file)
    }

    private func expectRefusal(of name: String, _ comment: Comment) {
        let error = #expect(throws: WALError.self, comment) {
            try LogBackup.restoreBlocking(target, to: place.path + "/copy")
        }
        #expect(error?.code == .corrupted, comment)
        #expect(error?.message.contains(name) == true, comment)
        #expect(!FileManager.default.fileExists(atPath: place.path + "/copy"), comment)
    }

    @Test func aDamagedBackupIsRefusedByName() throws {
        try makeLog(segments: 2)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        for name in try segmentNames(target) + ["MANIFEST"] {
            let whole = try Data(contentsOf: URL(filePath: "\(target)/\(name)"))
            for place in [20, whole.count / 2, whole.count - 1] {
                try change(name) { $0[$0.startIndex + place] ^= 4 }
                expectRefusal(of: name, "\(name), byte \(place)")
                try whole.write(to: URL(filePath: "\(target)/\(name)"))
            }
            try change(name) { $0.removeLast() }
            expectRefusal(of: name, "\(name) cut")
            guard name != "MANIFEST" else { continue }
            try FileManager.default.removeItem(atPath: "\(target)/\(name)")
            expectRefusal(of: name, "\(name) missing")
            try whole.write(to: URL(filePath: "\(target)/\(name)"))
        }
    }

    @Test func aDamagedLogIsNotBackedUp() throws {
        try makeLog(segments: 2)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        let before = try contents(of: target)
        let name = try #require(try segmentNames(source).first)
        try change("../log/\(name)") { $0[1050] ^= 1 }
        try FileManager.default.removeItem(atPath: target + "/MANIFEST")
        let error = #expect(throws: WALError.self) { try LogBackup.makeBlocking(of: source, to: target) }
        #expect(error?.code == .corrupted && error?.message.contains(name) == true)
        #expect(try contents(of: target) == before.filter { $0.key != "MANIFEST" })
    }

    /// A restore would refuse such a log, and the backup before has the segment.
    @Test(arguments: [true, false]) func aLogWithoutASegmentInTheMiddleIsNotBackedUp(isGone: Bool) throws {
        try makeLog(segments: 4)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        let before = try contents(of: target)
        let name = try segmentNames(source)[1]
        try FileManager.default.removeItem(atPath: source + "/" + name)
        if !isGone {
            let other = place.path + "/other"
            let log = try WriteAheadLog.openBlocking(at: other, configuration: Self.configuration)
            for number in 1...3 {
                try log.appendBlocking(payload(number))
                try log.rollBlocking()
            }
            try log.closeBlocking()
            try FileManager.default.copyItem(
                atPath: other + "/" + (try segmentNames(other)[1]), toPath: source + "/" + name)
        }
        let error = #expect(throws: WALError.self) { try LogBackup.makeBlocking(of: source, to: target) }
        #expect(error?.code == .corrupted)
        #expect(try contents(of: target) == before)
        _ = try LogBackup.restoreBlocking(target, to: place.path + "/restored")
    }

    @Test func otherPlacesAreRefused() throws {
        try makeLog(segments: 1)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        func code(_ body: () throws -> Void) -> WALError.Code? {
            #expect(throws: WALError.self, performing: body)?.code
        }
        #expect(code { _ = try LogBackup.makeBlocking(of: source, to: source) } == .notALogDirectory)
        #expect(code { _ = try LogBackup.restoreBlocking(target, to: source) } == .notALogDirectory)
        #expect(code { _ = try LogBackup.restoreBlocking(source, to: place.path + "/copy") } == .notALogDirectory)
        #expect(
            code { _ = try LogBackup.restoreBlocking(place.path + "/none", to: place.path + "/copy") }
                == .notALogDirectory)
        let other = try WriteAheadLog.openBlocking(at: place.path + "/other", configuration: Self.configuration)
        #expect(code { _ = try LogBackup.makeBlocking(of: place.path + "/other", to: target) } == .notALogDirectory)
        try other.closeBlocking()
    }

    @Test(.enabled(if: SmallDisk.isPossible || SmallDisk.isRequired)) func aFullDiskLeavesTheBackupBefore() throws {
        let disk = try #require(SmallDisk(megabytes: 1))
        let target = disk.path + "/backup"
        try makeLog(segments: 1)
        let before = try records(source)
        _ = try LogBackup.makeBlocking(of: source, to: target)
        var configuration = Self.configuration
        configuration.segmentSize = 2 << 20
        let log = try WriteAheadLog.openBlocking(at: source, configuration: configuration)
        for number in 0..<15 { try log.appendBlocking(payload(number, size: 100_000)) }
        try log.closeBlocking()
        #expect(throws: WALError.self) { try LogBackup.makeBlocking(of: source, to: target) }
        _ = try LogBackup.restoreBlocking(target, to: place.path + "/copy")
        #expect(try records(place.path + "/copy") == before)
    }

    /// A backup that failed to sync the name of its directory left a directory that the next one took for durable.
    @Test(arguments: 1...8) func whatFollowsAFailedFirstBackupIsDurable(call: Int) throws {
        try makeLog(segments: 2)
        let root = place.path + "/disk"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let storage = try FaultyStorage(root, recording: true)
        storage.fail(at: call, with: .inputOutput)
        _ = try? LogBackup.makeBlocking(of: source, to: root + "/backup")
        storage.heal()
        _ = try LogBackup.makeBlocking(of: source, to: root + "/backup")
        // Unsynced data hasn't reached the disk.
        let image = try #require(storage.crashState()).images(of: .page)[0]
        try image.write(to: place.path + "/image")
        // Writing an image changes the segments' headers to those of another run of the kernel, so only names are compared.
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path + "/image/backup")
        #expect(names.count == 3 && names.contains("MANIFEST"), "\(names)")
    }

    /// An independent program reads the same records from a backup.
    @Test func anIndependentReaderAgrees() throws {
        try FileManager.default.copyItem(
            atPath: GoldenTests.folder.appending(path: "v1.1-lz4").path, toPath: source)
        let summary = try LogBackup.makeBlocking(of: source, to: target)
        let data = try SecondReader.output("backupreader.py", target)
        let found = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(found["log"] as? String == summary.logID.description)
        #expect(found["durable"] as? Int == 61 && found["highest"] as? Int == 61)
        #expect((found["segments"] as? [[String: Any]])?.count == summary.segmentCount)
        #expect(found["cursors"] as? [String: Int] == ["consumer": 7])
        #expect((found["bookmarks"] as? [String: [Any]])?["input"]?.last as? String == "010203")
    }
}
