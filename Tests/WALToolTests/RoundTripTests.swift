import Foundation
import Testing
import WAL

@testable import WALTasks
@testable import WALTool

/// `dump --json` is valid input: it restores accepted mutations byte for byte. Mutations that it can't restore are refused by
/// both.
struct RoundTripTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func payloads(_ log: String) throws -> [[UInt8]] {
        let reader = try ReadOnlyLog(at: log).reader()
        var found: [[UInt8]] = []
        while let payload = try reader.next({ LogRecord($0).payload }) { found.append(payload) }
        return found
    }

    /// The payloads are equal after dump and ingest.
    private func expectRoundTrip(_ mutations: [TaskMutation]) throws {
        let (first, second) = (scratch.path("first"), scratch.path("second"))
        let log = try WriteAheadLog.openBlocking(at: first)
        for mutation in mutations {
            try mutation.validate()
            _ = try log.appendBlocking(TaskCodec.encode(mutation))
        }
        try log.closeBlocking()
        let dump = try ToolRun(["dump", "--json", first])
        try #require(dump.status == 0, "\(dump.errors)")
        let file = scratch.file("dump.ndjson")
        try Data(dump.output.utf8).write(to: file)
        let run = try ToolRun(["ingest", "--log", second, "--store", "memory:"], input: file)
        try #require(run.status == 0, "\(run.errors)")
        let (before, after) = (try payloads(first), try payloads(second))
        #expect(before.count == after.count)
        for (mutation, pair) in zip(mutations, zip(before, after)) { #expect(pair.0 == pair.1, "\(mutation)") }
        #expect(try ToolRun(["dump", "--json", second]).output.split(separator: "\n").count == mutations.count)
    }

    @Test func randomMutationsOfEveryKind() throws {
        var random = RandomMutations(seed: 0x5EED)
        try expectRoundTrip((0..<3000).map { random.next(kind: $0 % 7) })
    }

    private static let payloads = [
        #"{"a":"\ud83d"}"#, #""\udead""#, "null", " null", "\n{}\n", "\t1", "1 ", "-0", "0e0", "1e999999",
        "123456789012345678901234567890.5", #"{"a":1,"a":2}"#, #""\u0000""#, #"{"\u0061":"\/"}"#, "[\r\n]", "{\t}",
        "true", "false", "\"\u{2028}\u{FFFF}\u{10FFFF}\"", "\"\u{7F}\u{80}\"",
        String(repeating: "[", count: 512) + String(repeating: "]", count: 512),
    ]

    @Test func payloadsComeBackAsTheyAre() throws {
        try expectRoundTrip(
            Self.payloads.flatMap { payload -> [TaskMutation] in
                [
                    .save(PersistentTask(id: "t", dagID: "d", nodeID: "n", payload: payload)),
                    .log(TaskActivityLog(id: "a", taskID: "t", dagID: "d", nodeID: "n", action: "x", data: payload)),
                ]
            })
    }

    @Test func timesToTheEndsOfTheirRange() throws {
        let range = TaskMutation.timeRange
        let times = [range.lowerBound, range.upperBound, Timestamp(rawValue: -1), Timestamp(rawValue: 1)]
        try expectRoundTrip(
            times.flatMap { time -> [TaskMutation] in
                [
                    .save(
                        PersistentTask(
                            id: "t", dagID: "d", nodeID: "n", createdAt: time, updatedAt: time, startedAt: time,
                            completedAt: time)),
                    .log(TaskActivityLog(id: "a", taskID: "t", dagID: "d", nodeID: "n", action: "x", createdAt: time)),
                    .updateStatus(id: "t", status: .failed, error: nil, time: time), .removeTasks(endedBefore: time),
                    .removeActivities(createdBefore: time),
                ]
            })
    }

    /// Both ends of the range, in every field with a time, in `save` and in `ingest`.
    @Test(arguments: [
        (TaskMutation.timeRange.lowerBound - .microseconds(1), "0001-01-01T00:00:00+00:01"),
        (TaskMutation.timeRange.upperBound + .microseconds(1), "9999-12-31T23:59:59-01:00"),
        (Timestamp(rawValue: .max), "9999-12-31T23:59:60Z"), (Timestamp(rawValue: .min), "0000-12-31T00:00:00Z"),
    ])
    func timesBeyondAreRefusedByName(time: Timestamp, text: String) throws {
        var task = PersistentTask(id: "t", dagID: "d", nodeID: "n")
        for (field, name) in [
            (\PersistentTask.createdAt, "createdAt"), (\.updatedAt, "updatedAt"),
        ] as [(WritableKeyPath<PersistentTask, Timestamp>, String)] {
            let before = task
            task[keyPath: field] = time
            expectInvalid(.save(task), .invalidTime, name)
            task = before
        }
        task.startedAt = time
        expectInvalid(.save(task), .invalidTime, "startedAt")
        task.startedAt = nil
        task.completedAt = time
        expectInvalid(.save(task), .invalidTime, "completedAt")
        let activity = TaskActivityLog(id: "a", taskID: "t", dagID: "d", nodeID: "n", action: "x", createdAt: time)
        expectInvalid(.log(activity), .invalidTime, "createdAt")
        for mutation in [
            TaskMutation.updateStatus(id: "t", status: .failed, error: nil, time: time),
            .removeTasks(endedBefore: time),
            .removeActivities(createdBefore: time),
        ] { expectInvalid(mutation, .invalidTime, "time") }

        let line = #"{"type":"tasks_remove","before":"\#(text)"}"#
        let run = try ToolRun(
            ["ingest", "--log", scratch.path("log"), "--store", "memory:"],
            input: scratch.file("line", lines: [line]))
        #expect(run.status == 65)
        #expect(run.errors.contains(#":1:33: "before" is beyond the years 1 to 9999"#), "\(run.errors)")
    }

    private func expectInvalid(_ mutation: TaskMutation, _ code: TaskStorageError.Code, _ field: String) {
        do throws(TaskStorageError) {
            try mutation.validate()
            Issue.record("\(mutation) was taken")
        } catch {
            #expect(error.code == code && error.message.hasPrefix("\(field) "), "\(error)")
        }
    }

    /// `save`, `dump` and `ingest` accept the same JSON, for random texts near the grammar.
    @Test func oneGrammarAtBothEnds() {
        var random = RandomMutations(seed: 7)
        var valid = 0
        for _ in 0..<40_000 {
            let text = random.nearJSON()
            let isValid = JSONValidator.firstError(in: text.utf8.span) == nil
            valid += isValid ? 1 : 0
            #expect(TaskLine.isJSON(text) == isValid, "\(text.debugDescription)")
        }
        #expect(valid > 2000 && valid < 38_000)
        for depth in [511, 512, 513] {
            for inner in ["", "1", "{}"] {
                let text = String(repeating: "[", count: depth) + inner + String(repeating: "]", count: depth)
                #expect(TaskLine.isJSON(text) == (JSONValidator.firstError(in: text.utf8.span) == nil))
            }
        }
    }

    /// Text that isn't JSON, stored without a check, is shown unchanged, and refused by name.
    @Test func whatIsNoJSONIsRefused() throws {
        let log = try WriteAheadLog.openBlocking(at: scratch.path("first"))
        let task = PersistentTask(id: "t", dagID: "d", nodeID: "n", payload: "{oops")
        _ = try log.appendBlocking(TaskCodec.encode(.save(task)))
        try log.closeBlocking()
        let file = scratch.file("dump.ndjson")
        try Data(ToolRun(["dump", "--json", scratch.path("first")]).output.utf8).write(to: file)
        #expect(try String(contentsOf: file, encoding: .utf8).contains(#""payload_text":"{oops""#))
        let run = try ToolRun(["ingest", "--log", scratch.path("second"), "--store", "memory:"], input: file)
        #expect(run.status == 65)
        #expect(run.errors.contains(#""payload_text" isn't the text of a JSON value"#), "\(run.errors)")
    }
}
