import Foundation
import Testing

@testable import WAL
@testable import WALTool

/// The output of `stat`, `graph`, `gaps` and `dump --frames` for logs with known contents.
@Suite struct InspectingTests {
    private let scratch: Scratch
    private let log: String

    init() throws {
        scratch = try Scratch()
        log = scratch.path("log")
    }

    /// A log of three segments with 50 records each. The last one isn't sealed.
    private func makeLog() throws {
        let log = try WriteAheadLog.openBlocking(at: log)
        for round in 0..<3 {
            for _ in 0..<50 { _ = try log.appendBlocking(Array(repeating: UInt8(round), count: 100)) }
            if round < 2 { try log.rollBlocking() }
        }
        try log.closeBlocking()
    }

    private func objects(_ arguments: [String], status: Int32 = 0) throws -> [[String: Any]] {
        let run = try ToolRun(arguments + ["--json"])
        #expect(run.status == status, "\(run.errors)")
        return try run.output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func totalsCountAllSegments() throws {
        try makeLog()
        let stat = try #require(try objects(["stat", log]).first)
        #expect(stat["records"] as? Int == 150 && stat["last_sequence"] as? Int == 150)
        #expect(stat["mean_payload_bytes"] as? Double == 100)
        let text = try ToolRun(["stat", log])
        #expect(text.output.contains("150, 1 to 150"))
    }

    @Test func theGraphHasEachRecordOnce() throws {
        try makeLog()
        let rows = try objects(["graph", log])
        #expect(rows.reduce(0) { $0 + ($1["records"] as? Int ?? 0) } == 150)
        let stat = try #require(try objects(["stat", log]).first)
        #expect(rows.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) } == stat["frame_bytes"] as? Int)
        #expect(try ToolRun(["graph", log, "--since", "-1h"]).output.contains("█"))
        #expect(try ToolRun(["graph", log, "--until", "2001-01-01T00:00:00Z"]).output.contains("no records"))
        // An empty line isn't JSON.
        #expect(try ToolRun(["graph", log, "--until", "2001-01-01T00:00:00Z", "--json"]).output == "")
    }

    /// A file that was overwritten with zeros must not look like a segment without frames.
    @Test func aSegmentWithoutAHeaderIsAProblem() throws {
        try makeLog()
        let names = try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasSuffix(".wal") }.sorted()
        let file = try #require(FileHandle(forUpdatingAtPath: "\(log)/\(names[1])"))
        try file.write(contentsOf: Data(count: 1024))
        try file.close()
        for more in [[], ["--segment", "2"]] {
            let run = try ToolRun(["dump", log, "--frames"] + more)
            #expect(run.status == 1 && run.errors.contains("Segment 2 has no readable header"), "\(run.errors)")
        }
        #expect(try ToolRun(["dump", log, "--frames", "--segment", "1"]).status == 0)
    }

    /// A replica has the times of its source, whose clock may have been wrong.
    @Test func timesBefore1970HaveIntervals() throws {
        let steps = [-5_000_000, -1, 3_000_000].map {
            LogStep(time: Timestamp(rawValue: $0), recordCount: 1, byteCount: 40)
        }
        let rows = try LogGraph(steps, by: .seconds(2)).json.split(separator: "\n")
        #expect(rows.count == 5 && rows.first?.contains("1969-12-31T23:59:54") == true)
        #expect(rows.count { $0.contains("\"records\":1,") } == 3)
    }

    /// Their distance doesn't fit into 64 bits with a sign. The tool crashed.
    @Test func theTimesOfAForgedFooterAreShown() throws {
        var header = SegmentHeader(
            logID: LogID(low: 1, high: 2), segmentNumber: 1, incarnation: 3, capacity: 4096, state: .active)
        header.baseSequence = 1
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { header.encode(to: base) }
        }
        let footer = SegmentFooter(
            offset: SegmentHeader.size, firstSequence: 1, finalSequence: 1, firstTime: .min, lastTime: .max,
            recordCount: 1, payloadSize: 0, index: [], markers: Markers())
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        bytes += footer.encodeBody().withUnsafeBytes { body in
            Frame.encode(
                kind: .footer, recordIndex: 1, durableDistance: Frame.durableDistanceUnknown, time: 0, body: body,
                seed: seed, offset: SegmentHeader.size)
        }
        try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: log + "/" + SegmentName.of(1)))
        let stat = try ToolRun(["stat", log])
        #expect(stat.status == 0 && stat.output.contains("-290308-12-21"), "\(stat.errors)")

        let steps = [Int64.min, .max].map {
            LogStep(time: Timestamp(rawValue: $0), recordCount: .max, byteCount: .max)
        }
        #expect(throws: (any Error).self) { try LogGraph(steps, by: nil) }
        #expect(throws: (any Error).self) { try LogGraph(steps, by: .microseconds(1)) }
        let rows = try LogGraph(steps + steps, by: .seconds(36500 * 86400)).json.split(separator: "\n")
        #expect(rows.count { $0.contains("\"records\":\(UInt64.max),") } == 2)
    }

    @Test func aGapIsListedWithItsReason() throws {
        try makeLog()
        #expect(try ToolRun(["gaps", log]).output.contains("no gaps in 150 records"))
        let names = try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasSuffix(".wal") }.sorted()
        let file = try #require(FileHandle(forUpdatingAtPath: "\(log)/\(names[1])"))
        try file.truncate(atOffset: 1024)
        try file.close()
        let gap = try #require(try objects(["gaps", log], status: 1).first)
        #expect(gap["first"] as? Int == 51 && gap["last"] as? Int == 100 && gap["acknowledged"] as? Bool == true)
        #expect(try objects(["gaps", log, "--to", "50"]).isEmpty)
        #expect(try ToolRun(["gaps", log]).output.contains("unreadable"))
    }

    @Test func framesFollowEachOther() throws {
        try makeLog()
        let frames = try objects(["dump", log, "--frames"])
        for (frame, next) in zip(frames, frames.dropFirst()) where frame["segment"] as? Int == next["segment"] as? Int {
            let end = try #require(frame["offset"] as? Int) + (frame["size"] as? Int ?? 0)
            #expect(next["offset"] as? Int == end)
        }
        #expect(frames.reduce(0) { $0 + ($1["records"] as? Int ?? 0) } == 150)
        #expect(frames.filter { $0["kind"] as? String == "footer" }.count >= 2)
        #expect(try objects(["dump", log, "--frames", "--segment", "2"]).allSatisfy { $0["segment"] as? Int == 2 })
        #expect(try ToolRun(["dump", log, "--segment", "2"]).status == 64)
        // A segment that was removed must not look like one without a problem.
        let absent = try ToolRun(["dump", log, "--frames", "--segment", "99"])
        #expect(absent.status == 64 && absent.output == "" && absent.errors.contains("no segment 99"), "\(absent)")

        // A flipped bit in the first record of the second segment.
        let frame = try #require(frames.first { $0["segment"] as? Int == 2 && $0["kind"] as? String == "record" })
        let names = try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasSuffix(".wal") }.sorted()
        let path = URL(fileURLWithPath: "\(log)/\(names[1])")
        var bytes = try Data(contentsOf: path)
        bytes[(frame["offset"] as? Int ?? 0) + 30] ^= 1
        try bytes.write(to: path)
        let problem = try #require(try objects(["dump", log, "--frames", "--segment", "2"], status: 1).last)
        #expect(problem["problem"] as? String == "checksum" && problem["offset"] as? Int == frame["offset"] as? Int)

        // Without its first eight bytes, the frame isn't there. The segment has more.
        let offset = try #require(frame["offset"] as? Int)
        bytes.replaceSubrange(offset..<offset + 8, with: Data(count: 8))
        try bytes.write(to: path)
        let missing = try #require(try objects(["dump", log, "--frames", "--segment", "2"], status: 1).last)
        #expect(missing["problem"] as? String == "commitWord" && missing["offset"] as? Int == offset)
    }

    @Test func timesLimitWhatIsShown() throws {
        try makeLog()
        #expect(try ToolRun(["tail", log, "--until", "2001-01-01T00:00:00Z"]).output.isEmpty)
        #expect(try ToolRun(["dump", log, "--since", "-1h"]).output.split(separator: "\n").count == 150)
        let none = try #require(try objects(["hash", log, "--until", "2001-01-01T00:00:00Z"]).first)
        #expect(none["records"] as? Int == 0)
        let all = try #require(try objects(["hash", log, "--since", "-1h"]).first)
        #expect(all["records"] as? Int == 150)
    }
}
