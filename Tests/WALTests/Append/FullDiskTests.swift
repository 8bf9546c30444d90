import Foundation
import TestSupport
import Testing

@testable import WAL

/// A full disk must not lose an acknowledged record, and must not require a restart.
@Suite(.enabled(if: SmallDisk.isPossible || SmallDisk.isRequired, "needs root and mount"))
struct FullDiskTests {
    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func appendingFailsWithItsOwnErrorAndGoesOnWhenThereIsSpace(_ policy: WriteAheadLog.SyncPolicy) async throws {
        let disk = try #require(SmallDisk(megabytes: 4))
        let directory = disk.path + "/log"
        let ballast = disk.path + "/ballast"
        #expect(FileManager.default.createFile(atPath: ballast, contents: Data(count: 2 << 20)))
        var configuration = WriteAheadLog.Configuration.small(policy)
        configuration.retention = WriteAheadLog.Retention(age: .zero)
        let log = try await WriteAheadLog.open(at: directory, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        var payloads: [UInt64: [UInt8]] = [:]
        func fill() throws -> WALError? {
            for number in 0..<100_000 {
                let bytes = payload(number, size: 300)
                do throws(WALError) { payloads[try log.appendBlocking(bytes).rawValue] = bytes } catch { return error }
            }
            return nil
        }
        let failure = try fill()
        #expect(failure?.code == .diskFull)
        #expect(failure?.isRetriable ?? false)
        // Reading still works, and so does the registration of consumers.
        #expect(try readAll(log.reader()).count == payloads.count)
        try await log.sync()
        try FileManager.default.removeItem(atPath: ballast)
        usleep(150_000)
        #expect(try fill()?.code == .diskFull)
        #expect(try readAll(log.reader()).count == payloads.count)
        // A consumer that moves its cursor frees space, too.
        let last = payloads.keys.max() ?? 0
        try? log.setCursor("consumer", to: SequenceNumber(rawValue: last / 2))
        await log.applyRetention()
        #expect(log.firstSequence > 1)
        // The log repeats a failed preparation after a pause.
        var sequence: SequenceNumber?
        try await eventually(every: .milliseconds(20)) {
            sequence = try? await log.append([9])
            return sequence != nil
        }
        payloads[try #require(sequence).rawValue] = [9]
        let first = log.firstSequence.rawValue
        try await log.close()

        // There is no free block. Opening may fail with that reason, and must leave all files unchanged for the next opening.
        let filler = open(ballast, O_WRONLY | O_CREAT, 0o600)
        let zeros = [UInt8](repeating: 1, count: 4096)
        while write(filler, zeros, zeros.count) > 0 {}
        close(filler)
        do throws(WALError) {
            try await WriteAheadLog.open(at: directory, configuration: configuration).close()
        } catch {
            #expect(error.code == .diskFull)
        }
        try FileManager.default.removeItem(atPath: ballast)
        configuration.retention = WriteAheadLog.Retention()
        let reopened = try await WriteAheadLog.open(at: directory, configuration: configuration)
        #expect(!reopened.recovery.isDamaged)
        let records = try readAll(reopened.reader())
        #expect(records.first.map { $0.sequence.rawValue } ?? 0 >= first)
        #expect(records.last?.sequence.rawValue == payloads.keys.max())
        #expect(records.allSatisfy { payloads[$0.sequence.rawValue] == $0.payload })
        try await reopened.close()
    }

    private func fillUp(_ path: String, leaving size: Int) {
        let filler = open(path, O_WRONLY | O_CREAT, 0o600)
        let bytes = [UInt8](repeating: 1, count: 4096)
        while write(filler, bytes, bytes.count) > 0 {}
        ftruncate(filler, lseek(filler, 0, SEEK_END) - off_t(size))
        close(filler)
    }

    /// With the smallest segments, opening has no smaller size to try. It must report that, and change nothing.
    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func openingWithTheSmallestSegments(_ policy: WriteAheadLog.SyncPolicy) throws {
        let disk = try #require(SmallDisk(megabytes: 4))
        let directory = disk.path + "/log"
        let ballast = disk.path + "/ballast"
        var configuration = WriteAheadLog.Configuration.small(policy)
        configuration.segmentSize = 64 << 10
        let log = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        for number in 1...1000 { try log.appendBlocking(payload(number, size: 200)) }
        try log.closeBlocking()
        let before = try contents(of: directory)

        fillUp(ballast, leaving: 32 << 10)
        let error = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        }
        #expect(error?.code == .diskFull)
        #expect(error?.isRetriable == true)
        #expect(try contents(of: directory) == before)
        #expect(try readAll(ReadOnlyLog(at: directory).reader()).count == 1000)

        // Room for the one segment that opening needs, and no more.
        try FileManager.default.removeItem(atPath: ballast)
        fillUp(ballast, leaving: 80 << 10)
        let reopened = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        #expect(reopened.recovery.findings.isEmpty)
        #expect(try reopened.appendBlocking([1]) == 1001)
        try reopened.closeBlocking()
        try FileManager.default.removeItem(atPath: ballast)
        let again = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
        #expect(try readAll(again.reader()).count == 1001)
        try again.closeBlocking()
    }
}
