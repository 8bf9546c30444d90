import Foundation
import Logging
import TestSupport
import Testing

@testable import WAL

/// A problem that isn't reported continues until data is lost.
@Suite struct LogMessageTests {
    @Test func aRecoveryWithLossIsAWarningAndOneWithoutIsNot() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for round in 1...3 {
            for number in 1...10 { try log.appendBlocking(payload(round * 10 + number)) }
            try log.rollBlocking()
        }
        try log.closeBlocking()
        let quiet = RecordingLog()
        try WriteAheadLog.openBlocking(at: directory.path, configuration: .small(), logger: quiet.logger)
            .closeBlocking()
        #expect(quiet.messages.all.map(\.level) == [.info, .info])
        let second = try segmentNames(directory.path)[1]
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(second)")
        let loud = RecordingLog()
        try WriteAheadLog.openBlocking(at: directory.path, configuration: .small(), logger: loud.logger).closeBlocking()
        let message = try #require(loud.messages.all.first)
        #expect(message.level == .warning && message.text == "opened the log")
        #expect(message.metadata["wal.directory"] == directory.path)
        #expect(message.metadata["wal.findings"] == "1")
        #expect(message.metadata["wal.epoch"] == "1")
        #expect(message.metadata["wal.duration"] != nil)
    }

    @Test func aLogThatTakesNoMoreRecordsSaysWhy() async throws {
        let directory = TemporaryDirectory()
        let recording = RecordingLog()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(), logger: recording.logger)
        try await log.append([1])
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        // The log can't sync, and can't write the records elsewhere.
        gate.open(breakingTheDisk: true)
        await #expect(throws: WALError.self) { try await log.sync() }
        let errors = recording.messages.all.filter { $0.level == .error }
        #expect(errors.first?.text == "appends suspended: the disk rejects writes")
        let message = try #require(errors.first)
        #expect(message.metadata["wal.error"] == "inputOutput")
        #expect(message.metadata["wal.errno"] == "\(EIO)")
        #expect(message.metadata["wal.message"]?.isEmpty == false)
        try? await log.close()
    }

    @Test func whatWasWrittenElsewhereAfterAFailedSyncIsAWarning() async throws {
        let directory = TemporaryDirectory()
        let recording = RecordingLog()
        let disk = BadFiles()
        StorageHooks.install(disk, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(), logger: recording.logger)
        try await log.append([1])
        disk.addActiveSegment(of: log)
        try await log.sync()
        let message = try #require(recording.messages.all.first { $0.level == .warning })
        #expect(message.text == "a sync failed; its records were written to a new file and are durable")
        #expect(message.metadata["wal.errno"] == "\(EIO)")
        #expect(message.metadata["wal.segment"] != nil)
        try await log.close()
    }

    @Test func aSegmentThatCannotBePreparedIsAWarning() async throws {
        let directory = TemporaryDirectory()
        let recording = RecordingLog()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(), logger: recording.logger)
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        gate.open(breakingTheDisk: true)
        try await log.append([1])
        try await log.roll()
        var warning: RecordingLog.Message?
        try await eventually {
            warning = recording.messages.all.first { $0.text == "no segment could be prepared" }
            return warning != nil
        }
        #expect(warning?.level == .warning)
        #expect(warning?.metadata["wal.error"] == "inputOutput")
        #expect(warning?.metadata["wal.errno"] == "\(EIO)")
        try? await log.close()
    }
}
