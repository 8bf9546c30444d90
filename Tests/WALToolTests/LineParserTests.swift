import Testing
import WAL
import WALTasks

@testable import WALTool

/// Any line becomes the right mutation, or a defect with its place, and never another mutation.
struct LineParserTests {
    private static let task =
        #""id":"t","dag_id":"d","node_id":"n","status":"running","created_at":"2011-09-30T22:38:44.546Z""#

    private func parse(_ line: [UInt8]) throws(LineDefect) -> TaskMutation {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: line.count + LineParser.padding, alignment: 1)
        defer { room.deallocate() }
        // Another line or any bytes follow the line.
        room.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "}"))
        room.copyBytes(from: line)
        guard let parser = try? LineParser() else { throw LineDefect(column: 0, reason: "no parser") }
        var batch = RecordBatch()
        _ = try parser.parse(UnsafeRawBufferPointer(rebasing: room[..<line.count]), into: &batch)
        // The batch has one record, and no bytes of a refused line.
        guard batch.count == 1, let mutation = try? TaskCodec.decode(batch.payloads.span.bytes) else {
            throw LineDefect(column: 0, reason: "no record")
        }
        return mutation
    }

    private func parse(_ line: String) throws(LineDefect) -> TaskMutation { try parse(Array(line.utf8)) }

    private func defect(_ line: [UInt8]) -> LineDefect? {
        do throws(LineDefect) {
            _ = try parse(line)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyFieldOfATask() throws {
        let line = """
            {"type":"task_update","task":{"id":"loan-1","dag_id":"loan","node_id":"A","current_node_id":"B",\
            "sub_dag_path":"","processing_state":"completed","payload":{"a": [1, {"b":null}]},"status":"failed",\
            "created_at":"2011-09-30T22:38:44.546Z","updated_at":"2011-10-01T00:38:45.000+02:00","started_at":null,\
            "completed_at":"2011-09-30T22:38:46.000001Z","error":"","retry_count":-1,"max_retries":7,"priority":2147483647}}
            """
        let expected = PersistentTask(
            id: "loan-1", dagID: "loan", nodeID: "A", currentNodeID: "B", subDAGPath: "", processingState: "completed",
            payload: #"{"a": [1, {"b":null}]}"#, status: .failed,
            createdAt: Timestamp(rawValue: 1_317_422_324_546_000),
            updatedAt: Timestamp(rawValue: 1_317_422_325_000_000),
            completedAt: Timestamp(rawValue: 1_317_422_326_000_001), error: "", retryCount: -1, maxRetries: 7,
            priority: .max)
        #expect(try parse(line) == .save(expected))
    }

    @Test func fieldsInAnyOrderAndUnknownOnes() throws {
        let line = """
             { "x":[{"type":"task_delete"}], "task" : {"status":"running","zz":{"id":"no"},"node_id":"n","created_at":\
            "2011-09-30T22:38:44.546Z","id":"t","dag_id":"d"} , "type":"task_update","y":1e400 }
            """
        #expect(try parse(line) == parse(#"{"type":"task_update","task":{\#(Self.task)}}"#))
    }

    @Test func escapesAndUnicode() throws {
        let line =
            #"{"type":"status_update","t\u0061sk_id":"a\"\\\/\b\f\n\r\té😀\ud83d\ude00","status":"failed","error":"ü","updated_at":"2020-01-01T00:00:00Z"}"#
        let time = Timestamp(rawValue: 1_577_836_800_000_000)
        #expect(
            try parse(line)
                == .updateStatus(id: "a\"\\/\u{8}\u{C}\n\r\té😀😀", status: .failed, error: "ü", time: time))
    }

    @Test(arguments: [
        (#"{"type":"task_delete","task_id":"t"}"#, TaskMutation.delete(id: "t")),
        (#"{"type":"dag_delete","dag_id":"d"}"#, .deleteDAG(id: "d")),
        (
            #"{"type":"tasks_remove","before":"1970-01-01T00:00:01Z"}"#,
            .removeTasks(endedBefore: Timestamp(rawValue: 1_000_000))
        ),
        (
            #"{"type":"activities_remove","before":"1970-01-01T00:00:01Z"}"#,
            .removeActivities(createdBefore: Timestamp(rawValue: 1_000_000))
        ),
    ])
    func otherChanges(line: String, expected: TaskMutation) throws {
        #expect(try parse(line) == expected)
    }

    /// A dump is valid input: parsing its lines gives the same mutations.
    @Test(arguments: [
        TaskMutation.save(
            PersistentTask(
                id: "\u{1}\"\\", dagID: "", nodeID: "😀", payload: "{\n\t\"a\": \"\\n\"}",
                createdAt: Timestamp(rawValue: 1))),
        .log(
            TaskActivityLog(
                id: "a", taskID: "t", dagID: "d", nodeID: "n", action: "\r\n", data: "\"text\"",
                createdAt: Timestamp(rawValue: -1))),
        .updateStatus(id: "t", status: .pending, error: nil, time: Timestamp(rawValue: 0)),
        .delete(id: "t"), .deleteDAG(id: "d"), .removeTasks(endedBefore: Timestamp(rawValue: 5)),
        .removeActivities(createdBefore: Timestamp(rawValue: 6)),
    ])
    func roundTrip(mutation: TaskMutation) throws {
        let line = TaskLine(mutation).bytes
        #expect(!line.contains { $0 < 0x20 })
        #expect(try parse(line) == mutation)
    }

    @Test(arguments: [
        ("", 1, "not valid JSON: the line ends too early"),
        ("[]", 1, "not a JSON object"),
        (#"{"type":"task_delete","task_id":"t"}}"#, 37, "not valid JSON"),
        (#"{"type":"task_delete","task_id":"t"} 1"#, 38, "not valid JSON"),
        (#"{"type":"task_delete","task_id":"t""#, 36, "not valid JSON: the line ends too early"),
        (#"{"type":"task_delete","task_id":"t","x":tru}"#, 44, "not valid JSON"),
        (#"{"type":"task_delete","task_id":"t","x":{"a":01}}"#, 47, "not valid JSON"),
        (#"{"type":"task_delete","task_id":"\ud800"}"#, 34, "half a surrogate pair, which no text can hold"),
        (
            #"{"type":"task_delete","task_id":"\ud83d\ude00\udead"}"#, 46,
            "half a surrogate pair, which no text can hold"
        ),
        (#"{"type":"task_delete","task_id":"\ud83"}"#, 34, "not valid JSON"),
        (#"{"\x":1,"type":"task_delete","task_id":"t"}"#, 3, "not valid JSON"),
        (
            #"{"type":"tasks_remove","before":"9999-12-31T23:59:59-01:00"}"#, 33,
            #""before" is beyond the years 1 to 9999 (UTC)"#
        ),
        ("{\"type\":\"task_delete\",\"task_id\":\"a\tb\"}", 35, "not valid JSON"),
        (#"{"task_id":"t"}"#, 1, #""type" is missing"#),
        (#"{"type":1}"#, 9, #""type" must be a string"#),
        (#"{"type":"task_delete"}"#, 1, #""task_id" is missing"#),
        (#"{"type":"task_delete","task_id":null}"#, 33, #""task_id" must not be null"#),
        (#"{"type":"task_delete","task_id":""}"#, 33, #""task_id" is empty"#),
        (#"{"type":"task_delete","task_id":"a\u0000"}"#, 33, #""task_id" holds U+0000, which stores can't keep"#),
        (#"{"type":"task_update"}"#, 1, #""task" is missing"#),
        (#"{"type":"task_update","task":[]}"#, 30, #""task" must be an object"#),
        (#"{"type":"task_update","task":{"id":"t"}}"#, 30, #""created_at" is missing"#),
        (
            #"{"type":"tasks_remove","before":"yesterday"}"#, 33,
            #""before" must be a time such as "2011-09-30T22:38:44.546Z""#
        ),
        (
            #"{"type":"tasks_remove","before":"2011-02-29T00:00:00Z"}"#, 33,
            #""before" must be a time such as "2011-09-30T22:38:44.546Z""#
        ),
    ])
    func defects(line: String, column: Int, reason: String) {
        #expect(defect(Array(line.utf8)) == LineDefect(column: column, reason: reason))
    }

    @Test func defectsOfTasks() throws {
        let priority = defect(Array(#"{"type":"task_update","task":{\#(Self.task),"priority":2147483648}}"#.utf8))
        #expect(priority?.reason == #""priority" must be a whole number of 32 bits"#)
        let status = Self.task.replacing("running", with: "runing")
        let unknown = defect(Array(#"{"type":"task_update","task":{\#(status)}}"#.utf8))
        #expect(unknown?.reason.hasPrefix(#"unknown status "runing""#) == true)
        let type = defect(Array(#"{"type":"task_updat"}"#.utf8))
        #expect(type?.column == 9 && type?.reason.hasPrefix(#"unknown type "task_updat""#) == true)
    }

    /// If a name occurs twice, the last value counts. No member of an earlier object remains.
    @Test func namesThatComeTwice() throws {
        let line =
            #"{"type":"task_delete","task":{\#(Self.task),"error":"x"},"task":{\#(Self.task),"id":"u"},"type":"task_update"}"#
        guard case .save(let task) = try parse(line) else {
            Issue.record("not a save")
            return
        }
        #expect(task.id == "u" && task.error == nil)
    }

    @Test func payloadOrItsText() throws {
        for text in [#""payload":1,"payload_text":"1""#, #""payload_text":1"#, #""payload_text":"1 2""#] {
            #expect(defect(Array(#"{"type":"task_update","task":{\#(Self.task),\#(text)}}"#.utf8)) != nil)
        }
        guard case .save(let task) = try parse(#"{"type":"task_update","task":{\#(Self.task),"payload_text":"\n1"}}"#)
        else { return }
        #expect(task.payload == "\n1")
    }

    @Test func idsHaveALimit() throws {
        let longest = String(repeating: "i", count: TaskMutation.maxIDSize)
        #expect(try parse(#"{"type":"task_delete","task_id":"\#(longest)"}"#) == .delete(id: longest))
        #expect(defect(Array(#"{"type":"task_delete","task_id":"\#(longest)i"}"#.utf8))?.column == 33)
    }

    @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]])
    func notUTF8(bytes: [UInt8]) {
        let line = Array(#"{"type":"task_delete","task_id":""#.utf8) + bytes + Array(#""}"#.utf8)
        #expect(defect(line) == LineDefect(column: 34, reason: "not valid UTF-8"))
    }

    /// A line that is cut or changed at any place must not trap the parser.
    @Test func everyPrefixAndEveryByteChanged() {
        let line = Array(#"{"type":"task_update","task":{\#(Self.task),"payload":{"a":[1,"\u00e9"]}}}"#.utf8)
        for count in line.indices { #expect(defect(Array(line[..<count])) != nil) }
        for index in line.indices {
            for byte in [0, 0x22, 0x5C, 0x7B, 0x7D, 0x5B, 0xFF] as [UInt8] {
                var changed = line
                changed[index] = byte
                _ = defect(changed)
            }
        }
    }

    @Test func deepNestingIsRefused() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(defect(Array(#"{"type":"task_update","task":{\#(Self.task),"payload":\#(deep)}}"#.utf8)) != nil)
    }
}
