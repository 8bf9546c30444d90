import Foundation
import Testing

@testable import WAL

/// Files with other names belong to someone else.
@Suite struct SegmentNameTests {
    /// A file with another name isn't the log's, and doesn't prevent its opening.
    @Test func onlyDigitsAreANumber() {
        #expect(SegmentName.number("00000000000000000012.wal") == 12)
        for name in [
            "+0000000000000000012.wal", "-0000000000000000012.wal", "-0000000000000000000.wal",
            "0000000000000000001a.wal", "99999999999999999999.wal", "12.wal",
        ] {
            #expect(SegmentName.number(name) == nil)
        }
    }

    /// The first name ended each opening with an error, and the others were removed.
    @Test(arguments: ["-0000000000000000000.wal", "notes.wal.new", "x.wal.lz4.new", "-0000000000000000000.wal.new"])
    func aFileOfSomeoneElseStays(_ name: String) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/" + name
        var log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        try log.appendBlocking(payload(1))
        try log.closeBlocking()
        try Data([1, 2, 3]).write(to: URL(filePath: path))
        #expect(try Verification.verifyBlocking(at: directory.path).findings.isEmpty)
        let plan = try WriteAheadLog.recoveryPlanBlocking(at: directory.path)
        log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.recovery.findings.isEmpty)
        #expect(log.recovery.steps == plan.steps)
        #expect(try readAll(log.reader()).map(\.payload) == [payload(1)])
        try log.closeBlocking()
        #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
    }
}
