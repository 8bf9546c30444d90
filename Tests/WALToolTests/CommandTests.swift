import Foundation
import Testing

/// Exit codes and messages, on which scripts depend.
struct CommandTests {
    private let scratch: Scratch
    private let log: String

    init() throws {
        scratch = try Scratch()
        log = scratch.path("log")
    }

    private func ingest(_ lines: [String], _ more: String...) throws -> ToolRun {
        let input = try scratch.file("input", lines: lines)
        return try ToolRun(["ingest", "--log", log, "--store", "memory:", "--json"] + more, input: input)
    }

    private static let good = #"{"type":"task_delete","task_id":"t"}"#

    /// The parser repairs such a name. Then the message would say that an existing directory doesn't exist.
    @Test func anArgumentThatIsNotUTF8IsRefused() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", #"exec "$0" stat "$(printf 'a\377')""#, ToolRun.tool.path]
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let errors = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64 && errors.contains("The argument 2 isn't UTF-8"), "\(errors)")
    }

    @Test func badLineStops() throws {
        let run = try ingest([Self.good, "", "{\"type\":\"task_delete\",\"task_id\":7}", Self.good])
        #expect(run.status == 65)
        #expect(run.errors.contains(#"<stdin>:3:33: "task_id" must be a string"#))
        // The lines before are in the log. With a corrected line, the next run continues after them.
        let summary = try ingest([Self.good, "", Self.good, Self.good]).json
        #expect(summary["lines_before"] as? Int == 2)
        #expect(summary["lines"] as? Int == 2)
    }

    /// A type or a status in a line could print any line, and control the terminal.
    @Test(arguments: ["stop", "skip"]) func textsOfABadLineStayInTheirLine(_ policy: String) throws {
        let bad = #"{"type":"a\u001b[2J\nError: forged"}"#
        let run = try ingest([Self.good, bad], "--on-bad-line", policy)
        #expect(run.status == (policy == "stop" ? 65 : 0))
        #expect(run.errors.contains(#"<stdin>:2:9: unknown type "a\u{1B}[2J\nError: forged""#), "\(run.errors)")
        #expect(run.errors.controlCharacters == "\n", "\(run.errors)")
    }

    @Test func badLineIsSkippedAndKept() throws {
        let lines = [Self.good, "{", Self.good, "nul"]
        for _ in 0..<2 {
            let run = try ingest(lines, "--on-bad-line", "skip")
            #expect(run.status == 0)
            #expect(run.errors.contains("<stdin>:4:4: not valid JSON"))
            try FileManager.default.removeItem(atPath: log)
        }
        // Like after a crash before the bookmark, the second run finds them again, and keeps them once.
        let kept = try String(contentsOfFile: log + ".bad-lines.ndjson", encoding: .utf8)
        let objects = try kept.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.map { $0["line"] as? Int } == [2, 4])
        #expect(objects.map { $0["text"] as? String } == ["{", "nul"])
    }

    @Test func lineBeyondTheLimit() throws {
        let huge =
            #"{"type":"status_update","task_id":"t","status":"failed","error":"\#(String(repeating: "x", count: 17 << 20))"}"#
        let run = try ingest([Self.good, huge, Self.good], "--on-bad-line", "skip")
        #expect(run.status == 0)
        #expect(try run.json["others"] as? Int == 2)
        #expect(run.errors.contains("longer than"))
    }

    @Test func longLine() throws {
        let long =
            #"{"type":"status_update","task_id":"t","status":"failed","error":"\#(String(repeating: "x", count: 5 << 20))"}"#
        #expect(try ingest([Self.good, long, Self.good]).json["others"] as? Int == 3)
    }

    /// A text without repetitions, so that compression gains nothing.
    private static func incompressible(_ count: Int) -> String {
        var state: UInt64 = 1
        let bytes = (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(ascii: "0") + UInt8(state >> 58)
        }
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\\", with: "~")
    }

    private static func line(_ text: String) -> String {
        #"{"type":"status_update","task_id":"t","status":"failed","error":"\#(text)"}"#
    }

    /// Segments have 4 MiB then.
    @Test func aRecordThatIsLargerThanASegmentIsABadLine() throws {
        let lines = [Self.good, Self.line(Self.incompressible(5_200_000)), Self.good]
        let stopped = try ingest(lines, "--retention-size", "8MiB")
        #expect(stopped.status == 65 && stopped.errors.contains("<stdin>:2:1: the record doesn't fit into a segment"))
        let run = try ingest(lines, "--retention-size", "8MiB", "--on-bad-line", "skip")
        #expect(run.status == 0, "\(run.errors.prefix(300))")
        #expect(try run.json["lines_before"] as? Int == 1)
        #expect(try run.json["others"] as? Int == 1 && run.json["bad_lines"] as? Int == 1)
    }

    /// Together with the lines before, it wouldn't.
    @Test func aLineThatFitsIntoASegmentAloneIsIngested() throws {
        let short = Self.line(Self.incompressible(900))
        let lines = Array(repeating: short, count: 240) + [Self.line(Self.incompressible(4_100_000)), short]
        let run = try ingest(lines, "--retention-size", "8MiB")
        #expect(run.status == 0, "\(run.errors.prefix(300))")
        #expect(try run.json["others"] as? Int == 242)
    }

    /// A payload may have 512 levels, and is two levels deep in its line.
    @Test func aDeepLastLineWithoutAnEndIsWhole() throws {
        let payload = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        let activity =
            #"{"id":"a","task_id":"t","dag_id":"d","node_id":"n","action":"x","message":"m","data":\#(payload),"#
        let line =
            #"{"type":"activity_log","activity":\#(activity)"level":"info","created_at":"2011-09-30T22:38:44.546Z"}}"#
        for end in ["", "\n"] {
            let input = scratch.file("deep\(end.count).ndjson")
            try Data((Self.good + "\n" + line + end).utf8).write(to: input)
            let run = try ToolRun([
                "ingest", "--log", log + "\(end.count)", "--store", "memory:", "--json", input.path,
            ])
            #expect(run.status == 0, "\(run.errors)")
            #expect(try run.json["lines"] as? Int == 2 && run.json["unfinished_bytes"] as? Int == 0)
        }
    }

    @Test(arguments: [true, false]) func anOverlongLineIsRefused(hasEnd: Bool) throws {
        let input = scratch.file("long")
        try Data(("a\n" + String(repeating: "x", count: 17 << 20) + (hasEnd ? "\n" : "")).utf8).write(to: input)
        let run = try ToolRun(["append", log], input: input)
        #expect(run.status == 65 && run.errors.contains("<stdin>:2:1: the line is longer than"), "\(run.errors)")
        #expect(try ToolRun(["dump", log]).output.split(separator: "\n").count == 1)
    }

    /// The length that a line may have doesn't depend on the reads, which are smaller from a pipe than from a file.
    @Test(arguments: [("", "\r\n"), ("a\n", "\n"), ("a\n", "")])
    func theLimitOfALineIsExact(before: String, end: String) throws {
        for excess in [0, 1] {
            let input = scratch.file("long")
            let line = String(repeating: "x", count: (16 << 20) + excess)
            try Data((before + line + end).utf8).write(to: input)
            let run = try ToolRun(["append", "\(log)\(excess)"], input: input)
            #expect(run.status == (excess == 0 ? 0 : 65), "\(excess): \(run.output)\(run.errors)")
        }
    }

    @Test func appendDumpAndTail() throws {
        let input = try scratch.file("lines", lines: ["one", "two", ""])
        let run = try ToolRun(["append", log, "--json"], input: input)
        #expect(try run.json["records"] as? Int == 3)
        let dump = try ToolRun(["dump", log, "--from", "2", "--to", "2"]).output
        #expect(dump.hasPrefix("2\t") && dump.hasSuffix("\t3\t74776f\ttwo\n"))
        #expect(try ToolRun(["tail", log, "-n", "1"]).output.hasPrefix("3\t"))
        let object = try ToolRun(["dump", log, "--json", "--to", "1"]).json
        #expect(object["hex"] as? String == "6f6e65" && object["text"] as? String == "one")
        let inspected = try ToolRun(["inspect", log, "--json"]).json
        #expect((inspected["segments"] as? [Any])?.isEmpty == false)
    }

    @Test func damageIsFoundAndRepaired() throws {
        let input = try scratch.file("lines", lines: (0..<1000).map { "record \($0)" })
        try #require(ToolRun(["append", log], input: input).status == 0)
        #expect(try ToolRun(["verify", log]).status == 0)
        let name = try #require(FileManager.default.contentsOfDirectory(atPath: log).first { $0.hasSuffix(".wal") })
        let segment = "\(log)/\(name)"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
        bytes[bytes.count / 2] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: segment))
        let report = try ToolRun(["verify", log, "--json"])
        #expect(report.status == 1)
        #expect(try report.json["damaged"] as? Bool == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: segment)) == bytes)
        #expect(try ToolRun(["repair", log]).status == 1)
        #expect(try Data(contentsOf: URL(fileURLWithPath: segment)) == bytes)
        #expect(try ToolRun(["repair", log, "--apply"]).status == 0)
        #expect(try ToolRun(["repair", log]).status == 0)
        // The log is intact again, so only the gap names the record.
        #expect(try ToolRun(["verify", log]).status == 0)
        #expect(try ToolRun(["check", log]).output.contains(" Next: wal gaps DIR lists the lost records; "))
        #expect(try ToolRun(["gaps", log]).status == 1)
        #expect(try ToolRun(["append", log], input: input).status == 0)
    }

    @Test func usageAndInputErrors() throws {
        #expect(try ToolRun(["ingest"]).status == 64)
        #expect(try ToolRun(["ingest", "--log", log, "--store", "oracle:x"]).status == 64)
        #expect(try ToolRun(["ingest", "--log", log, "--store", "memory:", "--sync", "interval:5"]).status == 64)
        #expect(try ToolRun(["ingest", "--log", log, "--store", "memory:", scratch.path("missing")]).status == 74)
        for verb in ["inspect", "dump", "verify", "repair", "tail"] {
            #expect(try ToolRun([verb, scratch.path("missing")]).status != 0, "\(verb)")
            #expect(!FileManager.default.fileExists(atPath: scratch.path("missing")), "\(verb)")
        }
    }

    @Test(arguments: ["ingest", "inspect", "dump", "verify", "repair", "tail", "replay", "append", "bench"])
    func helpHasAnExample(verb: String) throws {
        let run = try ToolRun(["help", verb])
        #expect(run.status == 0)
        #expect(run.output.contains("wal \(verb)"))
        #expect(run.output.contains("Example:"))
    }
}
