import Foundation
import Testing

@testable import WAL

/// Two threads examine a log of many segments, or of large ones. Their results must be merged in order.
@Suite struct ManySegmentsTests {
    private static let count = 200

    private func makeLog(_ directory: TemporaryDirectory) throws -> [String] {
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for number in 1...Self.count {
            try log.appendBlocking(payload(number))
            try log.rollBlocking()
        }
        try log.closeBlocking()
        return try segmentNames(directory.path)
    }

    @Test func allOfThemAreOpened() throws {
        let directory = TemporaryDirectory()
        #expect(try makeLog(directory).count >= Self.count)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.recovery.findings.isEmpty)
        #expect(try readAll(log.reader()).map(\.payload) == (1...Self.count).map { payload($0) })
        try log.closeBlocking()
    }

    @Test func damageInBothHalvesIsTold() throws {
        let directory = TemporaryDirectory()
        let names = try makeLog(directory)
        let damaged = [names[20], names[180]]
        for name in damaged {
            let file = try #require(FileHandle(forUpdatingAtPath: directory.path + "/" + name))
            try file.seek(toOffset: 1024 + 30)
            try file.write(contentsOf: Data([0xA5]))
            try file.close()
        }
        var configuration = WriteAheadLog.Configuration.small()
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        #expect(log.recovery.findings.map { SegmentName.of($0.segment) } == damaged)
        #expect(try readAll(log.reader()).count == Self.count - 2)
        try log.closeBlocking()
    }

    @Test func framesOfALargeLogAreReadByBoth() throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 4 << 20
        configuration.recoveryScope = .everything
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        for number in 1...300 { try log.appendBlocking(payload(number, size: 100_000)) }
        try log.closeBlocking()
        let names = try segmentNames(directory.path)
        let damaged = [names[1], names[names.count - 2]]
        for name in damaged {
            let file = try #require(FileHandle(forUpdatingAtPath: directory.path + "/" + name))
            try file.seek(toOffset: 5000)
            try file.write(contentsOf: Data([0xA5]))
            try file.close()
        }
        let again = try WriteAheadLog.openBlocking(at: directory.path, configuration: configuration)
        #expect(again.recovery.findings.map { SegmentName.of($0.segment) } == damaged)
        #expect(again.recovery.recordsScanned == 298)
        #expect(try readAll(again.reader()).count == 298)
        try again.closeBlocking()
    }

    @Test(arguments: [20, 180])
    func anErrorInEitherHalfEndsTheOpening(_ index: Int) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/" + (try makeLog(directory)[index])
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/null")
        let error = #expect(throws: WALError.self) {
            _ = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        }
        #expect(error?.message.contains(path) ?? false)
    }
}
