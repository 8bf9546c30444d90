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
            #expect(log.statistics.diskBytes <= 4 << 20)
            #expect(try allocated() <= 4 << 20)
            try await log.close()
        }
        #expect(try allocated() < 1 << 20)
    }

    @Test func aBusyLogGetsFilesOfTheConfiguredSize() async throws {
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = 8 << 20
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        for number in 0..<600 { try await log.append(payload(number, size: 64 << 10)) }
        try await log.sync()
        let sizes = log.segments.map(\.fileSize)
        // 1, 1, 1, 4 and then 8 MiB; the last file is the active one.
        #expect(sizes.dropLast().contains { $0 > 7 << 20 })
        #expect(sizes.allSatisfy { $0 <= 8 << 20 })
        try await log.close()
    }
}
