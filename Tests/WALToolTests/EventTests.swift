import Testing
import WAL
import WALJournal
import WALTasks

/// An audit log is also read in a terminal.
struct EventTests {
    private struct Access: Codable, Sendable {
        var user: String
    }

    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func log(_ write: (WriteAheadLog) async throws -> Void) async throws -> String {
        let path = scratch.path("log")
        let log = try await WriteAheadLog.open(at: path)
        try await write(log)
        try await log.close()
        return path
    }

    private func output(_ arguments: String...) throws -> [Substring] {
        let run = try ToolRun(arguments)
        #expect(run.status == 0, "\(run.errors)")
        return run.output.split(separator: "\n")
    }

    @Test func eventsOfAJournalAreShownAsTheirTypeAndText() async throws {
        let log = try await log { log in
            let journal = Journal(log, format: EventFormat<Access>.json(type: "access", version: 2))
            try await journal.append(Access(user: "ann"), attributes: ["host": "a", "by": "b c"])
        }
        let line = try #require(try output("tail", log).first)
        #expect(line.split(separator: "\t").dropFirst(3) == ["access 2", "by=b c host=a", "{\"user\":\"ann\"}"])
        let json = try #require(try output("dump", log, "--json").first)
        #expect(json.hasPrefix(#"{"type":"event","sequence":1,"time":""#))
        #expect(
            json.hasSuffix(
                #""event":"access","version":2,"attributes":{"by":"b c","host":"a"},"hex":"7b2275736572223a22616e6e227d","#
                    + #""text":"{\"user\":\"ann\"}"}"#))
    }

    /// The JSON of a payload may have delete and C1 as they are.
    @Test func textsOfTasksStayInTheirLine() async throws {
        let log = try await log { log in
            let bad = "a\u{1B}[2J\n1\tb\u{7F}\u{9B}ü"
            try await log.append(TaskCodec.encode(.updateStatus(id: bad, status: .failed, error: bad)))
            var task = PersistentTask(id: "t", dagID: "d", nodeID: "n")
            task.payload = "{\"a\":\"\u{7F}\u{9B}ü\"}"
            try await log.append(TaskCodec.encode(.save(task)))
        }
        for verb in ["tail", "dump"] {
            let lines = try output(verb, log)
            #expect(lines.count == 2 && lines.allSatisfy { $0.split(separator: "\t").count == 4 }, "\(lines)")
            #expect(String(lines.joined()).controlCharacters == "\t\t\t\t\t\t", "\(lines)")
        }
        let json = try output("dump", log, "--json")
        #expect(json[0].contains(#""error":"a\u001b[2J\n1\tb\u007f\u009bü""#), "\(json)")
        #expect(json[1].contains("{\"a\":\"\u{7F}\u{9B}ü\"}"), "A payload's own JSON stays exact.")
    }

    /// Events must not break a line or control a terminal.
    @Test func eventsThatAreNoTextAreShownAsBytes() async throws {
        let log = try await log { log in
            let journal = Journal(log, format: .bytes(type: "raw", version: 1))
            for payload in [[0xFF, 0x41], Array("a\nb".utf8), Array("\u{1B}[2J".utf8)] {
                try await journal.append(payload)
            }
        }
        let lines = try output("tail", log)
        #expect(lines.count == 3)
        for line in lines {
            #expect(line.split(separator: "\t")[3].hasPrefix("4a01") && line.allSatisfy { $0 == "\t" || $0.isASCII })
        }
    }
}
