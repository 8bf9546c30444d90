import Foundation
import TestSupport
import Testing

@testable import WAL

/// The disk space of a log that takes no records, with the default sizes.
@Suite struct IdleLogTests {
    private let directory = TemporaryDirectory()

    /// The bytes that the directory's files take up on the disk.
    private func allocated() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).reduce(0) { total, name in
            var status = stat()
            guard stat(directory.path + "/" + name, &status) == 0 else { return total }
            return total + Int(status.st_blocks) * 512
        }
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.manual, .interval(.milliseconds(5)), .always])
    func anIdleLogOccupiesLittle(_ policy: WriteAheadLog.SyncPolicy) async throws {
        var configuration = WriteAheadLog.Configuration()
        configuration.syncPolicy = policy
        for opening in 1...3 {
            let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
            try await eventually { log.statistics.preparedSegmentCount == configuration.maxPreparedSegments }
            try await log.append([UInt8(opening)])
            #expect(log.statistics.diskBytes <= 1 << 20)
            #expect(try allocated() <= 1 << 20)
            try await log.close()
        }
        #expect(try allocated() < 512 << 10)
    }

    @Test func aBusyLogGetsFilesOfTheConfiguredSize() async throws {
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = 8 << 20
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        for number in 0..<600 { try await log.append(payload(number, size: 64 << 10)) }
        try await log.sync()
        let sizes = log.segments.map(\.fileSize)
        // The files grow from 256 KiB. The last one is the active one.
        #expect(sizes.dropLast().contains { $0 > 7 << 20 })
        #expect(sizes.allSatisfy { $0 <= 8 << 20 })
        try await log.close()
    }

    /// A batch of a few hundred kilobytes doesn't fit into the first files. The log doesn't make files of the configured size for
    /// it.
    @Test func aLargeRecordGetsAFileThatItFits() async throws {
        let log = try await WriteAheadLog.open(at: directory.path)
        try await log.append(payload(1, size: 300 << 10))
        #expect(log.statistics.diskBytes < 64 << 20)
        try await log.append(payload(2, size: 10 << 20))
        #expect(log.statistics.diskBytes < 192 << 20)
        try await log.close()
    }
}
