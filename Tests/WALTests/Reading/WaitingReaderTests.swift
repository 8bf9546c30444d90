import Foundation
import Synchronization
import TestSupport
import Testing

@testable import WAL

/// Readers of a directory that wait for its writer: the file `WAITERS`.
@Suite struct WaitingReaderTests {
    private struct Words: Decodable, Equatable {
        var frame: Int
        var durable: Int
        var count: Int
        /// Nil if the checksum is wrong.
        var position: UInt64?
        var zeros: Bool
    }

    /// The words of the file, as a reader in another language finds them that is written from FORMAT.md alone.
    private static func words(_ directory: TemporaryDirectory) throws -> Words? {
        try JSONDecoder().decode(Words?.self, from: SecondReader.output("waitersreader.py", directory.path))
    }

    private static func next(_ reader: LogReader) async throws -> UInt64 {
        while true {
            if let record = try reader.next() { return record.sequence.rawValue }
            try await reader.waitForMore()
        }
    }

    /// Starts a task that reads up to and including this record, and returns the numbers.
    private static func read(
        _ directory: TemporaryDirectory, through last: UInt64, _ visibility: ReadVisibility = .written
    ) throws -> Task<[UInt64], any Error> {
        let log = try ReadOnlyLog(at: directory.path)
        return Task {
            let reader = log.reader(visibility: visibility)
            var found: [UInt64] = []
            while found.last != last { found.append(try await next(reader)) }
            return found
        }
    }

    @Test func aCommitAnswersTheFlagOfFrames() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        #expect(try Self.words(directory) == Words(frame: 0, durable: 0, count: 2, position: 0, zeros: true))
        try await log.append([1])
        #expect(try Self.words(directory)?.count == 2)

        let reading = try Self.read(directory, through: 2)
        try await eventually { try Self.words(directory)?.frame == 1 }
        try await log.append([2])
        #expect(try await reading.value == [1, 2])
        let after = try #require(try Self.words(directory))
        #expect(after.count == 3 && after.durable == 0 && after.position == 0)
        try await log.append([3])
        // The reader has ended, but it may have set the flag again before.
        #expect(try Self.words(directory)?.count ?? .max <= 4)
        try await log.close()
    }

    @Test func aSyncAnswersTheFlagOfDurablePositions() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.manual))
        try await log.append([1])
        let reading = try Self.read(directory, through: 1, .durable)
        try await eventually { try Self.words(directory)?.durable == 1 }
        try await log.append([2])
        #expect(try Self.words(directory)?.count == 2)
        try await log.sync()
        #expect(try await reading.value == [1])
        #expect(try Self.words(directory)?.position == log.engine.appender.durablePosition.load(ordering: .acquiring))
        try await log.close()
    }

    @Test func aReaderGoesOnWithTheNextWriter() async throws {
        let directory = TemporaryDirectory()
        let first = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await first.append([1])
        try await first.close()
        let path = directory.path + "/WAITERS"
        let before = try Data(contentsOf: URL(filePath: path))
        let reader = try ReadOnlyLog(at: directory.path).reader()
        #expect(try reader.next()?.sequence == 1)
        #expect(try reader.next() == nil)
        for _ in 1...3 { try await reader.waitForMore() }
        // Without a writer, a reader changes nothing in the file.
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        let second = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        #expect(try Self.words(directory)?.count == 4)
        try await second.append([2])
        #expect(try await Self.next(reader) == 2)
        try await second.close()
    }

    /// The reader finds the file of a later writer, and continues without one.
    @Test(arguments: ["missing", "short", "garbage", "directory", "link"])
    func aReaderNeedsNoFile(_ kind: String) async throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/WAITERS"
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await log.append([1])
        try FileManager.default.removeItem(atPath: path)
        switch kind {
        case "short": try Data("SWALWAIT".utf8).write(to: URL(filePath: path))
        case "garbage": try Data(repeating: 0x5A, count: 4096).write(to: URL(filePath: path))
        case "directory":
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        default: break
        }
        let reading = try Self.read(directory, through: 3)
        let durable = try Self.read(directory, through: 2, .durable)
        try await log.append([2])
        try await log.close()

        let recording = RecordingLog()
        let next = try await WriteAheadLog.open(
            at: directory.path, configuration: .small(), logger: recording.logger)
        let isRefused = recording.messages.all.contains { $0.text == "readers in other processes have to poll" }
        #expect(isRefused == ["directory", "link"].contains(kind))
        try await next.append([3])
        #expect(try await reading.value == [1, 2, 3])
        #expect(try await durable.value == [1, 2])
        try await next.close()
    }

    /// A store past the file size limit would raise SIGXFSZ on a user's thread, and end the process.
    @Test func aThreadThatMayWriteNoFileAppendsBesideAWaitingReader() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await log.append([1])
        let reading = try Self.read(directory, through: 2)
        try await eventually { try Self.words(directory)?.frame == 1 }
        let appended = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                // The signal is blocked in the threads of the pool, from which this thread inherits its mask.
                var signals = sigset_t()
                sigemptyset(&signals)
                sigaddset(&signals, SIGXFSZ)
                pthread_sigmask(SIG_UNBLOCK, &signals, nil)
                setFileSizeLimit(0)
                let result = Result { try log.appendBlocking([2]) }
                setFileSizeLimit(nil)
                continuation.resume(returning: result)
            }
        }
        #expect(try appended.get() == 2)
        #expect(try await reading.value == [1, 2])
        try await log.close()
    }

    /// Readers ignore a position that the writer didn't write.
    @Test func aForgedDurablePositionShowsNothing() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.manual))
        try await log.append([1])
        let reading = try Self.read(directory, through: 1, .durable)
        try await eventually { try Self.words(directory)?.durable == 1 }
        try Self.write([0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4], at: 192, directory)
        // More checks than a reader makes before it waits.
        for _ in 1...3 { try await Self.look(at: directory) }
        #expect(try ReadOnlyLog(at: directory.path).reader(visibility: .durable).next() == nil)
        reading.cancel()
        await #expect(throws: WALError.self) { try await reading.value }
        try await log.close()
    }

    /// Waits until a waiting reader has checked the log again, which sets the flag.
    private static func look(at directory: TemporaryDirectory) async throws {
        try write([0, 0, 0, 0], at: 72, directory)
        try await eventually { try words(directory)?.durable == 1 }
    }

    private static func write(_ bytes: [UInt8], at offset: UInt64, _ directory: TemporaryDirectory) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: directory.path + "/WAITERS"))
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    @Test func aReaderOnAThreadOfItsOwnIsWoken() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let shared = try ReadOnlyLog(at: directory.path)
        let executor = try BlockingExecutor()
        let reading = Task(executorPreference: executor) {
            let reader = shared.reader()
            var found: [UInt64] = []
            while found.last != 20 { found.append(try await Self.next(reader)) }
            return found
        }
        for number in 1...20 {
            try await eventually { try Self.words(directory)?.frame == 1 }
            try await log.append([UInt8(number)])
        }
        #expect(try await reading.value == Array(1...20))
        let waiting = Task(executorPreference: executor) { try await Self.next(shared.reader(from: 21)) }
        try await eventually { try Self.words(directory)?.frame == 1 }
        waiting.cancel()
        await #expect(throws: WALError.self) { try await waiting.value }
        try await log.close()
    }

    @Test func manyReadersOfOneLogAreAllWoken() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await log.append([1])
        let shared = try ReadOnlyLog(at: directory.path)
        let readers = (1...20).map { _ in
            Task {
                let reader = shared.reader()
                var last: UInt64 = 0
                while last < 2000 { last = try await Self.next(reader) }
            }
        }
        for number in 2...2000 {
            try await log.append(payload(number))
            if number % 50 == 0 { await Task.yield() }
        }
        for reader in readers { try await reader.value }
        try await log.close()
    }
}
