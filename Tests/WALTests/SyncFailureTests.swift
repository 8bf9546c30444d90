import Foundation
import Testing

@testable import WAL

/// After a failed sync the kernel may have dropped what it couldn't write, and says on the next call that all is well
/// ("fsyncgate"): who believed it would acknowledge what isn't there.
@Suite struct SyncFailureTests {
    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func aFailedSyncPoisonsTheLogAndTheNextOpeningWritesTheSegmentAnew(_ policy: WriteAheadLog.SyncPolicy) async throws
    {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog(at: directory.path, configuration: .small(policy))
        for number in 1...10 { try log.append(payload(number)) }
        try await log.sync()
        // A device that can't be synced in the place of the segment's file.
        let device = open("/dev/null", O_RDWR)
        let descriptor = log.engine.walker.live.file.descriptor
        #expect(dup2(device, descriptor) == descriptor)
        close(device)
        var failures: [WALError.Code] = []
        do throws(WALError) {
            let sequence = try log.append(payload(11))
            try await log.waitUntilDurable(sequence)
        } catch {
            failures.append(error.code)
        }
        #expect(policy == .always || failures == [.indeterminate])
        #expect(log.durableSequence == 10)
        #expect(#expect(throws: WALError.self) { try log.append([1]) }?.code == .poisoned)
        await #expect(throws: WALError.self) { try await log.sync() }
        #expect(try readAll(log.reader()).count == 11)
        #expect(throws: WALError.self) { try log.close() }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).contains { $0.hasSuffix(".poisoned") })

        let name = try #require(try segmentNames(directory.path).first)
        let before =
            try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)[.systemFileNumber] as? Int
        let reopened = try WriteAheadLog(at: directory.path, configuration: .small(policy))
        #expect(!reopened.recovery.isDamaged)
        #expect(try readAll(reopened.reader()).map(\.payload) == (1...11).map { payload($0) })
        let after =
            try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)[.systemFileNumber] as? Int
        #expect(before != after)
        #expect(
            try !FileManager.default.contentsOfDirectory(atPath: directory.path).contains { $0.hasSuffix(".poisoned") })
        try reopened.close()
    }
}

/// A footer is written before its segment is synced. After a power loss it may be on the disk without the frames before it:
/// whoever trusts it shows a hole as if it were the log.
@Suite struct PowerLossTests {
    @Test func aFooterDoesNotVouchForFramesThatWereNeverSynced() async throws {
        let path = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let log = try WriteAheadLog(at: path, configuration: .small())
            for number in 1...20 { try log.append(payload(number)) }
            try log.roll()
            while log.segments.first?.state != .sealed { usleep(1000) }
            for number in 21...30 { try log.append(payload(number)) }
            kill(getpid(), SIGKILL)
        }
        let files = try contents(of: path).filter { $0.key.hasSuffix(".wal") && $0.value[12] == 1 }
        var image = LogImage(files: files, names: files.keys.sorted(), payloads: [:]).ofOtherBoot()
        let frames = image.frames(image.names[0])
        image.files[image.names[0]]?.replaceSubrange(
            frames[4].offset..<frames[8].offset, with: Data(count: frames[8].offset - frames[4].offset))
        try image.write(to: path)
        let log = try WriteAheadLog(at: path, configuration: .small())
        #expect(log.recovery.findings.first?.classification == .tornTail)
        #expect(!log.recovery.isDamaged)
        #expect(try readAll(log.reader()).map(\.payload) == (1...4).map { payload($0) })
        #expect(try log.append([1]) > 30)
        try log.close()
        let again = try WriteAheadLog(at: path, configuration: .small())
        #expect(again.recovery.findings.isEmpty, "\(again.recovery.findings)")
        try again.close()
    }

    @Test func anUntouchedLogOfAnotherBootIsWhole() async throws {
        let path = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let image = try await LogImage.make().ofOtherBoot()
        try image.write(to: path)
        let log = try WriteAheadLog(at: path, configuration: .small())
        #expect(log.recovery.findings.isEmpty, "\(log.recovery.findings)")
        #expect(try readAll(log.reader()).count == image.payloads.count)
        #expect(log.bookmarks["input"]?.position == 2000)
        #expect(log.cursors["consumer"] == 3)
        try log.close()
    }
}
