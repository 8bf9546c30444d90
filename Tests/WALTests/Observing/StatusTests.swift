import Foundation
import Synchronization
import TestSupport
import Testing
import WALTesting

@testable import WAL

/// Another process sees a log only through its status.
@Suite struct StatusTests {
    static func decode(_ text: [UInt8]?) throws -> LogStatus {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(LogStatus.self, from: Data(text ?? []))
    }

    @Test func eachMemberComesBack() throws {
        #expect(try Self.decode(StatusExample.status.json) == StatusExample.status)
    }

    /// Programs in other languages read these bytes.
    @Test func theTextIsTheGoldenOne() throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden/status-v1.json")
        let text = String(decoding: StatusExample.status.json, as: UTF8.self) + "\n"
        #expect(try String(contentsOf: golden, encoding: .utf8) == text)
    }

    @Test func eachMemberIsInTheDocument() throws {
        let document = try #require(FormatDocumentTests.document)
        let start = try #require(document.range(of: "## Status of a writer"))
        let section = document[start.lowerBound...].prefix(8000)
        let text = String(decoding: StatusExample.status.json, as: UTF8.self)
        let names = Set(text.matches(of: /"(\w+)":/).map { String($0.1) })
        #expect(names.count > 60)
        for name in names { #expect(section.contains("`\(name)`"), "\(name)") }
    }

    @Test func aReaderSeesWhatTheWriterKnows() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...100 { try await log.append(payload(number, size: 1000)) }
        try log.setCursor("slow", to: 40)
        let other = try ReadOnlyLog(at: directory.path)
        try await eventually {
            let status = try? Self.decode(other.publishedStatus)
            return status?.lastSequence == 100 && status?.cursors.count == 1
        }
        var status = try Self.decode(other.publishedStatus)
        #expect(status.closedAt == nil && status.refusal == nil && status.id == log.id.description)
        #expect(status.appended.records == 100 && status.appended.bytes > 100_000)
        #expect(status.durableSequence == 0 && status.notDurable.bytes > 100_000)
        #expect(status.notDurable.oldest == (try log.reader().next()?.time))
        #expect(status.cursors.map(\.name) == ["slow"] && status.cursors[0].lagRecords == 60)
        #expect((50_000...70_000).contains(status.cursors[0].lagBytes))
        try await log.sync()
        try await eventually { (try? Self.decode(other.publishedStatus))?.durableSequence == 100 }
        status = try Self.decode(other.publishedStatus)
        // After a sync, a sync mark without records may follow.
        #expect(status.notDurable.bytes < 100 && status.notDurable.oldest == nil)
        #expect(status.syncs.durations.count >= 1 && status.syncs.failures == 0)
        #expect(status.disk.free ?? 0 > 0 && status.disk.size ?? 0 > status.disk.free ?? 0)
        #expect(status.storage == log.status.storage && !status.storage.fileSystem.isEmpty)
        try await log.close()
        status = try Self.decode(other.publishedStatus)
        #expect(status.closedAt != nil && status.refusal?.code == "closed" && status.lastSequence == 100)

        let again = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await eventually { (try? Self.decode(other.publishedStatus))?.closedAt == nil }
        #expect(try Self.decode(other.publishedStatus).appended.records == 0)
        try await again.close()
    }

    /// The lookup of the first record that isn't durable reads nothing before it in the segment, so it doesn't find damage there.
    @Test func theFirstRecordThatIsntDurableIsFoundByItsPosition() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.syncPolicy = .manual
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        for round in 0..<60 {
            for number in 0...round % 20 {
                try await log.append([UInt8](repeating: 1, count: (round * 37 + number * 101) % 3000))
            }
            var batch = RecordBatch()
            for _ in 0...round % 5 { batch.append([2]) }
            try await log.append(batch)
            if round % 3 > 0 { try await log.sync() }
            try await log.append([3])
            let status = log.status
            let first = try log.reader(from: status.durableSequence.next).next()
            #expect(status.notDurable.oldest == first?.time)
        }
        try await log.append([3])
        try await log.sync()
        let active = try #require(log.segments.first { $0.state == .active })
        let file = try FileHandle(forUpdating: URL(filePath: active.path))
        try file.seek(toOffset: UInt64(SegmentHeader.size + 8))
        try file.write(contentsOf: Data(repeating: 0xFF, count: 16))
        let time = Timestamp.now
        try await log.append([4])
        #expect(try #require(log.status.notDurable.oldest) >= time)
        try? await log.close()
    }

    @Test func aLogThatPublishesNothingHasNoFile() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.publishesStatus = false
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try await log.append([1])
        try await log.close()
        #expect(try ReadOnlyLog(at: directory.path).publishedStatus == nil)
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/STATUS"))
    }

    // MARK: The file

    @Test func aDamagedSlotGivesTheTextBefore() throws {
        let directory = TemporaryDirectory()
        let place = try Directory.make(directory.path)
        #expect(try StatusFile.text(in: place) == nil)
        let file = try StatusFile(in: place)
        #expect(try StatusFile.text(in: place) == nil)
        for text in ["first", "second"] { try file.replace(with: Array(text.utf8)) }
        let path = directory.path + "/STATUS"
        let whole = try Data(contentsOf: URL(filePath: path))
        #expect(whole.count == 65536)
        // Generation 2 is in slot 0. With any of its bytes damaged, readers return the previous text.
        for offset in [512, 520, 524, 528, 533] {
            var bytes = whole
            bytes[offset] ^= 0x40
            try bytes.write(to: URL(filePath: path))
            #expect(try StatusFile.text(in: place) == Array("first".utf8), "\(offset)")
        }
        for (offset, count) in [(0, 8), (8, 4)] {
            var bytes = whole
            bytes[offset + count - 1] ^= 1
            try bytes.write(to: URL(filePath: path))
            #expect(try StatusFile.text(in: place) == nil, "\(offset)")
        }
        try whole.dropLast().write(to: URL(filePath: path))
        #expect(try StatusFile.text(in: place) == nil)
        // A writer repairs the file.
        try StatusFile(in: place).replace(with: [1])
        #expect(try StatusFile.text(in: place) == [1])
        // The next writer continues with the next generation.
        try StatusFile(in: place).replace(with: [2])
        #expect(try StatusFile.text(in: place) == [2])
    }

    /// A reader in another language, written from FORMAT.md alone.
    @Test func theSecondReaderReadsTheSame() throws {
        let directory = TemporaryDirectory()
        let file = try StatusFile(in: Directory.make(directory.path))
        for text in [Array("{}".utf8), StatusExample.status.json] { try file.replace(with: text) }
        let output = try SecondReader.output("statusreader.py", directory.path)
        #expect(try Self.decode(Array(output)) == StatusExample.status)
    }

    @Test func aReaderBesideAWriterFindsWholeTextsInOrder() async throws {
        let directory = TemporaryDirectory()
        let place = try Directory.make(directory.path)
        let file = try StatusFile(in: place)
        try file.replace(with: Self.text(0))
        let isDone = Atomic(false)
        let reading = Task.detached {
            var last = -1
            var count = 0
            repeat {
                // The writer may have replaced both texts during one read.
                guard let text = try StatusFile.text(in: place) else { continue }
                let number = Int(text[0]) << 16 | Int(text[1]) << 8 | Int(text[2])
                try #require(number >= last && text == Self.text(number))
                last = number
                count += 1
            } while !isDone.load(ordering: .relaxed)
            return count
        }
        for number in 1...20_000 { try file.replace(with: Self.text(number)) }
        isDone.store(true, ordering: .relaxed)
        #expect(try await reading.value > 0)
    }

    private static func text(_ number: Int) -> [UInt8] {
        [UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
            + [UInt8](repeating: UInt8(number % 251), count: 100 + number % 20_000)
    }

    @Test(arguments: ["directory", "link", "pipe"]) func whatIsNoFileStopsNoLog(_ kind: String) async throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/STATUS"
        let first = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await first.close()
        try FileManager.default.removeItem(atPath: path)
        switch kind {
        case "directory":
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
        default: #expect(mkfifo(path, 0o600) == 0)
        }
        let recording = RecordingLog()
        let log = try await WriteAheadLog.open(
            at: directory.path, configuration: .small(), logger: recording.logger)
        try await log.append([1])
        try await eventually { recording.messages.all.contains { $0.text == "the log's status can't be published" } }
        #expect(throws: WALError.self) { try ReadOnlyLog(at: directory.path).publishedStatus }
        if kind == "directory" {
            try FileManager.default.removeItem(atPath: path)
            try await eventually {
                recording.messages.all.contains { $0.text == "the log's status is published again" }
            }
            #expect(try Self.decode(ReadOnlyLog(at: directory.path).publishedStatus).lastSequence == 1)
        }
        try await log.close()
    }

    @Test func whatDoesNotFitIsLeftOutAndSaid() throws {
        let directory = TemporaryDirectory()
        let place = try Directory.make(directory.path)
        var status = StatusExample.status
        status.isTruncated = false
        status.cursors = (0..<2000).map {
            LogStatus.Cursor(name: "cursor \($0)", position: 1, lagRecords: 2, lagBytes: 3, pinnedBytes: 4)
        }
        var publisher = StatusPublisher(place, nil)
        publisher.publish(status)
        let published = try Self.decode(StatusFile.text(in: place))
        #expect(published.isTruncated && published.sinks == status.sinks)
        #expect(
            published.cursors.count > 100 && published.cursors == Array(status.cursors.prefix(published.cursors.count)))
    }

    // MARK: Figures

    @Test func waitsAndErrorsAreCountedByReason() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .wait(.milliseconds(20))
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        func wait(_ reason: String) -> LogStatus.Wait? { log.status.waits.first { $0.reason == reason } }
        try log.setCursor("slow", to: 0)
        #expect(log.status.errors == [] && wait("sync")?.count == 0 && wait("budget")?.count == 0)
        try await log.append([1])
        try await log.waitUntilDurable(log.lastSequence)
        #expect(wait("sync")?.count ?? 0 >= 1)
        let count = wait("sync")?.count
        try await log.waitUntilDurable(log.lastSequence)
        #expect(wait("sync")?.count == count)
        await #expect(throws: WALError.self) { try await log.append([UInt8](repeating: 1, count: 1 << 20)) }
        // If the last segment is sealed late, there is room for another one after the first error.
        var fullCount: UInt64 = 0
        repeat {
            await #expect { while true { try await log.append([UInt8](repeating: 1, count: 10_000)) } } throws: {
                ($0 as? WALError)?.code == .logFull
            }
            fullCount += 1
        } while !log.isFull
        #expect(
            log.status.errors == [
                LogStatus.ErrorCount(code: "logFull", count: fullCount),
                LogStatus.ErrorCount(code: "recordTooLarge", count: 1),
            ])
        #expect(wait("budget")?.count ?? 0 >= 1)
        #expect(wait("budget")?.nanoseconds ?? 0 >= 20_000_000)
        let refusal = try #require(log.status.refusal)
        #expect(refusal.code == "logFull" && refusal.message == log.refusal?.message)
        try await log.close()
    }

    @Test func eachCursorPinsWhatItAloneKeeps() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            var sizes = SealedSizes()
            var segments: [(end: UInt64, size: Int)] = []
            var end: UInt64 = 0
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                end += .random(in: 1...10, using: &generator)
                segments.append((end, .random(in: 1...1000, using: &generator)))
                sizes.add(sequence: end, size: segments[segments.count - 1].size)
            }
            let positions = (0..<Int.random(in: 0...4, using: &generator)).map {
                (name: "\($0)", position: UInt64.random(in: 0...end + 3, using: &generator))
            }
            let pins = sizes.pins(positions)
            for (name, position) in positions {
                let others = positions.filter { $0.name != name }.map { $0.position }
                let alone = segments.filter { segment in
                    segment.end > position && others.allSatisfy { segment.end <= $0 }
                }
                #expect(pins[name] == UInt64(alone.reduce(0) { $0 + $1.size }), "\(name) of \(positions)")
            }
        }
    }

    /// Metrics are differences of positions. If they were read in the wrong order, one could be negative, which stops the
    /// process.
    @Test func noFigureIsBelowZeroUnderLoad() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small(.interval(.milliseconds(1)))
        configuration.segmentSize = 64 << 10
        configuration.retention.totalSize = 1 << 20
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        let isDone = Monitor(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    while !isDone.withLock({ $0 }) {
                        let last = try await log.append(payload(1, size: 500))
                        try log.setCursor("reader", to: last)
                    }
                }
            }
            for _ in 0..<2000 {
                let status = log.status
                try #require(status.durableSequence <= status.lastSequence)
                try #require(status.notDurable.bytes < 1 << 30 && status.disk.reclaimable < 1 << 30)
                try #require(status.cursors.allSatisfy { $0.lagRecords < 1 << 40 && $0.pinnedBytes < 1 << 30 })
            }
            isDone.withLock { $0 = true }
            try await group.waitForAll()
        }
        try await log.close()
    }
}
