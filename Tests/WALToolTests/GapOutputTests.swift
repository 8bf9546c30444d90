import Foundation
import Testing
import WAL

/// A dump of a damaged log must not end with 0, because it would be taken for the whole log.
@Suite struct GapOutputTests {
    /// 150 records in three segments. The second segment is cut after its header.
    private static func damagedLog(_ scratch: Scratch) throws -> String {
        let path = scratch.path("log.wal")
        let log = try WriteAheadLog.openBlocking(at: path)
        for round in 0..<3 {
            for number in 1...50 { _ = try append(log, UInt8(50 * round + number)) }
            try log.rollBlocking()
        }
        try log.closeBlocking()
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".wal") }.sorted()
        let file = try #require(FileHandle(forUpdatingAtPath: "\(path)/\(names[1])"))
        try file.truncate(atOffset: 1024)
        try file.close()
        return path
    }

    private static func append(_ log: WriteAheadLog, _ byte: UInt8) throws -> SequenceNumber {
        try log.appendBlocking([byte])
    }

    @Test func dumpTellsOfEachGapAndEndsWithOne() throws {
        let scratch = try Scratch()
        let path = try Self.damagedLog(scratch)
        let dump = try ToolRun(["dump", path])
        #expect(dump.status == 1)
        #expect(dump.output.split(separator: "\n").count == 100)
        #expect(dump.errors.contains("records 51 to 100 are missing (unreadable, acknowledged)"))

        let json = try ToolRun(["dump", "--json", path])
        #expect(json.status == 1)
        let lines = json.output.split(separator: "\n")
        #expect(lines.count == 101)
        let gap = lines.first { $0.hasPrefix("{\"gap\":") }
        #expect(gap?.contains("\"first\":51,\"last\":100,\"reason\":\"unreadable\",\"acknowledged\":true") == true)
        // Gaps outside of the range don't count.
        #expect(try ToolRun(["dump", "--to", "50", path]).status == 0)
        #expect(try ToolRun(["dump", "--from", "101", path]).status == 0)
        #expect(try ToolRun(["dump", "--since", "1970-01-01T00:00:00Z", "--from", "101", path]).status == 0)
        let clipped = try ToolRun(["dump", "--since", "1970-01-01T00:00:00Z", "--from", "91", path])
        #expect(clipped.status == 1 && clipped.errors.contains("records 91 to 100 are missing"), "\(clipped)")
    }

    /// A dump's line about a gap is no task event, and `ingest` must not skip it silently.
    @Test func ingestNamesTheGapOfADump() throws {
        let scratch = try Scratch()
        let dump = try ToolRun(["dump", "--json", Self.damagedLog(scratch)])
        let gap = try #require(dump.output.split(separator: "\n").first { $0.hasPrefix("{\"gap\":") })
        let input =
            #"{"type":"task_delete","task_id":"t"}"# + "\n\(gap)\n" + #"{"type":"task_delete","task_id":"u"}"# + "\n"
        let file = URL(fileURLWithPath: scratch.path("events.ndjson"))
        try Data(input.utf8).write(to: file)
        let store = "sqlite:\(scratch.path("db"))"
        let stopped = try ToolRun(
            ["ingest", "--log", scratch.path("stopped"), "--store", store], input: file)
        #expect(stopped.status == 65)
        #expect(stopped.errors.contains(":2:1: the line is a gap of `wal dump`"))
        let skipped = try ToolRun(
            ["ingest", "--log", scratch.path("skipped"), "--store", store, "--on-bad-line", "skip", "--json"],
            input: file)
        #expect(skipped.status == 0)
        #expect(skipped.errors.contains("the line is a gap of `wal dump`"))
        #expect(try ReadOnlyLog(at: scratch.path("skipped")).durableSequence.rawValue >= 2)
    }

    @Test func tailTellsOfGapsToo() throws {
        let scratch = try Scratch()
        let path = try Self.damagedLog(scratch)
        #expect(try ToolRun(["tail", path]).output.split(separator: "\n").count == 10)
        let long = try ToolRun(["tail", "-n", "120", path])
        #expect(long.status == 1)
        #expect(long.errors.contains("records 51 to 100"))
    }

    /// A loss that a recovery has repaired is still reported. Numbers that were never acknowledged aren't.
    @Test func aRepairedLogStillLacksWhatIsLost() throws {
        let scratch = try Scratch()
        let path = try Self.damagedLog(scratch)
        _ = try ToolRun(["repair", "--apply", path])
        #expect(try ToolRun(["verify", path]).status == 0)
        let dump = try ToolRun(["dump", path])
        #expect(dump.status == 1)
        #expect(dump.errors.contains("records 51 to 100 are missing (lost, acknowledged)"))
    }
}
