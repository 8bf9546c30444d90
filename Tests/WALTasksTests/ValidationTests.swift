import Testing
import WAL

@testable import WALTasks

@Suite struct JSONValidatorTests {
    private func firstError(_ text: String) -> Int? {
        JSONValidator.firstError(in: text.utf8.span)
    }

    @Test(arguments: [
        "{}", "[]", " [ ] ", "null", "true", "false", "0", "-0", "12.5e-3", "1E+9", "\"\"", #""\u00fF\n\"\\\/""#,
        #"{"a":[1,{"b":null}],"c":"ü"}"#, "\t\r\n {\"a\" : 1 , \"b\" : [ ] }\n", "[[],[[]],{}]", "\"\u{7F}😀\"",
    ])
    func valid(_ text: String) {
        #expect(firstError(text) == nil)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}",
        "01",
        "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "nul", "truefalse", "1 2", "\"", "\"\\\"", "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12\"", "\"\n\"", "\"\u{0}\"", "{}{}", "[}", "{]", "{\"a\":[}", "'a'", "[1]]", "\u{FEFF}1", "/**/1",
    ])
    func invalid(_ text: String) {
        #expect(firstError(text) != nil)
    }

    @Test func depthIsLimited() {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(firstError(nested(512, "[", "]")) == nil)
        #expect(firstError(nested(513, "[", "]")) == 512)
        #expect(firstError(nested(512, "{\"a\":", "}")) == nil)
        #expect(firstError(nested(256, "[{\"a\":", "}]")) == nil)
        #expect(firstError(nested(256, "[{\"a\":", "]}")) != nil)
        #expect(firstError(String(repeating: "[", count: 5_000_000)) == 512)
    }
}

@Suite struct TaskValidationTests {
    private func code(_ mutation: TaskMutation) -> TaskStorageError.Code? {
        do throws(TaskStorageError) {
            try mutation.validate()
            return nil
        } catch {
            return error.code
        }
    }

    private func task(_ change: (inout PersistentTask) -> Void = { _ in }) -> TaskMutation {
        var task = PersistentTask(id: "a", dagID: "d", nodeID: "n", payload: "{}")
        change(&task)
        return .save(task)
    }

    private func activity(_ change: (inout TaskActivityLog) -> Void) -> TaskMutation {
        var activity = TaskActivityLog(id: "a", taskID: "t", dagID: "d", nodeID: "n", action: "x", data: "1")
        change(&activity)
        return .log(activity)
    }

    @Test func ids() {
        #expect(code(task()) == nil)
        #expect(code(task { $0.id = "" }) == .invalidID)
        #expect(code(task { $0.id = String(repeating: "x", count: 512) }) == nil)
        #expect(code(task { $0.id = String(repeating: "ü", count: 257) }) == .invalidID)
        #expect(code(task { $0.dagID = String(repeating: "x", count: 513) }) == .invalidID)
        #expect(code(activity { $0.id = "" }) == .invalidID)
        #expect(code(activity { $0.taskID = "" }) == .invalidID)
        #expect(code(.delete(id: "")) == .invalidID)
        #expect(code(.updateStatus(id: "", status: .failed, error: nil, time: .now)) == .invalidID)
    }

    @Test func nulCharacters() {
        #expect(code(task { $0.id = "a\0" }) == .nulCharacter)
        #expect(code(task { $0.error = "\0" }) == .nulCharacter)
        #expect(code(task { $0.payload = "\"\0\"" }) == .nulCharacter)
        #expect(code(activity { $0.message = "a\0b" }) == .nulCharacter)
        #expect(code(.deleteDAG(id: "\0")) == .nulCharacter)
        #expect(code(.updateStatus(id: "a", status: .failed, error: "\0", time: .now)) == .nulCharacter)
    }

    @Test func json() {
        #expect(code(task { $0.payload = "{" }) == .invalidJSON)
        #expect(code(task { $0.payload = "" }) == .invalidJSON)
        #expect(code(activity { $0.data = "not" }) == .invalidJSON)
        #expect(code(activity { $0.data = nil }) == nil)
    }
}
