import Foundation
import TestSupport
import Testing

@testable import WAL

/// Two writers in one directory would overwrite each other's records. A limit needs its own error, or callers would take it for
/// damage.
@Suite struct LockAndLimitTests {
    @Test func aSecondWriterInThisProcessIsRefused() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        let error = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        }
        #expect(error?.code == .locked)
        try log.closeBlocking()
        try WriteAheadLog.openBlocking(at: directory.path, configuration: .small()).closeBlocking()
    }

    @Test func aSecondWriterInAnotherProcessIsToldWhoHasIt() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let path = directory.path
        let owner = Int(getpid())
        await #expect(processExitsWith: .success) { [path = path as String, owner = owner as Int] in
            let error = #expect(throws: WALError.self) {
                _ = try WriteAheadLog.openBlocking(at: path, configuration: .small())
            }
            #expect(error?.code == .locked)
            #expect(error?.message.contains("\(owner)") ?? false)
        }
        try await log.close()
    }

    @Test func aDirectoryWithOtherFilesIsNoLog() throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: directory.path + "/letter.txt", contents: Data([1]))
        let error = #expect(throws: WALError.self) { _ = try WriteAheadLog.openBlocking(at: directory.path) }
        #expect(error?.code == .notALogDirectory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["letter.txt"])
        let file = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: directory.path + "/letter.txt")
        }
        #expect(file?.code == .notALogDirectory)
    }

    @Test func aClosedLogSaysSo() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let sequence = try await log.append([1, 2])
        try await log.close()
        try await log.close()
        #expect(#expect(throws: WALError.self) { try log.appendBlocking([1]) }?.code == .closed)
        #expect(#expect(throws: WALError.self) { try log.setCursor("a", to: 1) }?.code == .closed)
        try await log.waitUntilDurable(sequence)
    }

    @Test func whatIsTooLargeIsRefusedAndWhatFitsGoesIn() throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        let most = log.engine.appender.recordSizeMax
        for _ in 0..<3 { try log.appendBlocking([UInt8](repeating: 7, count: most)) }
        let error = #expect(throws: WALError.self) { try log.appendBlocking([UInt8](repeating: 7, count: most + 1)) }
        #expect(error?.code == .recordTooLarge)
        #expect(#expect(throws: WALError.self) { try log.appendBlocking(RecordBatch()) }?.code == .invalidArgument)
        #expect(try readAll(log.reader()).map(\.payload.count) == [most, most, most])
        try log.closeBlocking()
    }

    @Test func impossibleConfigurationsAreRefusedBeforeAnythingIsMade() throws {
        let directory = TemporaryDirectory()
        let mistakes: [(inout WriteAheadLog.Configuration) -> Void] = [
            { $0.segmentSize = 1000 }, { $0.segmentSize = 2 << 30 }, { $0.segmentSize = 65537 },
            { $0.targetSegmentRecords = 0 }, { $0.maxPreparedSegments = 0 }, { $0.diskBudget = $0.segmentSize },
            {
                $0.diskBudget = Int.min
                $0.sealedCompression = .lz4
            },
        ]
        for mistake in mistakes {
            var configuration = WriteAheadLog.Configuration.small()
            mistake(&configuration)
            let error = #expect(throws: WALError.self) {
                _ = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
            }
            #expect(error?.code == .invalidArgument)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    @Test(arguments: [WriteAheadLog.FullPolicy.fail, .wait(.milliseconds(200))])
    func atTheBudgetAppendsFailAndGoOnWhenAConsumerHasPassed(_ policy: WriteAheadLog.FullPolicy) throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = policy
        configuration.retention = WriteAheadLog.Retention(totalSize: 64 << 10)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        try log.setCursor("slow", to: 0)
        var last = SequenceNumber.zero
        var failure: WALError?
        for number in 0..<5000 {
            do throws(WALError) { last = try log.appendBlocking(payload(number, size: 200)) } catch {
                failure = error
                break
            }
        }
        #expect(failure?.code == .logFull)
        #expect(try readAll(log.reader()).count == Int(last.rawValue))
        try? log.setCursor("slow", to: last)
        log.applyRetentionBlocking()
        eventuallyBlocking(every: .milliseconds(20)) { (try? log.appendBlocking([1])) != nil }
        #expect(log.firstSequence > 1)
        #expect(log.statistics.diskBytes <= configuration.diskBudget ?? 0)
        try log.closeBlocking()
    }

    @Test func pinsAndCursorsKeepSegments() throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small(.always)
        configuration.segmentSize = 64 << 10
        configuration.retention = WriteAheadLog.Retention(age: .zero)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        for round in 0..<5 {
            for number in 0..<20 { try log.appendBlocking(payload(round * 20 + number)) }
            try log.rollBlocking()
        }
        log.applyRetentionBlocking()
        #expect(log.firstSequence == 1)
        do {
            let reader = log.reader()
            _ = try reader.next()
            try log.setCursor("consumer", to: 100)
            log.applyRetentionBlocking()
            #expect(log.firstSequence == 1)
            #expect(try readAll(reader).count == 99)
        }
        try log.syncBlocking()
        eventuallyBlocking { !log.segments.contains { $0.state == .unsealed } }
        log.applyRetentionBlocking()
        #expect(log.firstSequence > 1)
        #expect(try readAll(log.reader(from: 1)).first?.sequence == log.firstSequence)
        try log.closeBlocking()
    }
}
