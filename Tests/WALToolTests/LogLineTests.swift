import Foundation
import Logging
import TestSupport
import Testing
import WAL
import WALLogging

/// After a crash, people read the last lines with the tool.
struct LogLineTests {
    private let scratch: Scratch
    private let log: String

    /// Makes a log with lines of three labels.
    init() async throws {
        scratch = try Scratch()
        log = scratch.path("log")
        let lines = try await LineLog.open(at: log, configuration: .init(logLevel: .trace))
        func logger(_ label: String) -> Logger { Logger(label: label) { lines.handler(label: $0) } }
        logger("api").info("started", metadata: ["port": "8080"])
        logger("api").warning("slow", metadata: ["request": ["path": "/a", "tags": ["x", "y"]]])
        logger("api.auth").error("no such user", metadata: ["user": "ann"])
        logger("apiary").critical("bees are loose")
        logger("db").debug("vacuum")
        _ = try await lines.log.append("a text")
        try await lines.close()
    }

    /// The messages that `tail` prints with these arguments.
    private func messages(_ arguments: String...) throws -> [String] {
        let run = try ToolRun(["tail", log, "--output", "json"] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        return try run.output.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require((object?["message"] ?? object?["text"]) as? String)
        }
    }

    private static let all = ["started", "slow", "no such user", "bees are loose", "vacuum", "a text"]

    @Test func levels() throws {
        #expect(try messages() == Self.all)
        #expect(try messages("--level", "trace") == Self.all.dropLast())
        #expect(try messages("--level", "warning") == ["slow", "no such user", "bees are loose"])
        #expect(try messages("--level", "critical") == ["bees are loose"])
        #expect(try ToolRun(["tail", log, "--level", "loud"]).status == 64)
    }

    @Test func labels() throws {
        #expect(try messages("--label", "api") == ["started", "slow", "no such user"])
        #expect(try messages("--label", "api.auth") == ["no such user"])
        #expect(try messages("--label", "ap") == [])
        #expect(try messages("--label", "api", "--level", "warning") == ["slow", "no such user"])
    }

    @Test func texts() throws {
        #expect(try messages("--match", "user=ann") == ["no such user"])
        #expect(try messages("--match", "text") == ["a text"])
        #expect(try messages("--match", "Bees") == [])
        #expect(try messages("--match", "s", "--level", "error") == ["no such user", "bees are loose"])
    }

    @Test func numbers() throws {
        #expect(try messages("-n", "2") == ["vacuum", "a text"])
        #expect(try messages("-n", "1", "--label", "api") == ["no such user"])
        #expect(try messages("-n", "2", "--label", "api") == ["slow", "no such user"])
        #expect(try messages("-n", "0", "--label", "api") == [])
        #expect(try messages("-n", "100", "--level", "error") == ["no such user", "bees are loose"])
    }

    @Test func times() throws {
        #expect(try messages("--since", "-1h") == Self.all)
        #expect(try messages("--since", "-1h", "-n", "1") == ["a text"])
        #expect(
            try messages("--since", "2000-01-01T00:00:00Z", "--level", "error") == ["no such user", "bees are loose"])
        #expect(try messages("--since", "2200-01-01T00:00:00Z") == [])
        #expect(try ToolRun(["tail", log, "--since", "yesterday"]).status == 64)
        #expect(try ToolRun(["dump", log, "--since", "-1h"]).output.split(separator: "\n").count == Self.all.count)
    }

    @Test func theWholeLine() throws {
        let text = try ToolRun(["dump", log, "--from", "2", "--to", "2"]).output
        #expect(text.hasPrefix("2\t"))
        #expect(text.hasSuffix(" warning api: slow request=\"[path: /a, tags: [x, y]]\"\n"))
        let json = try ToolRun(["dump", log, "--json", "--from", "2", "--to", "2"]).json
        #expect(json["type"] as? String == "line")
        #expect(json["level"] as? String == "warning")
        #expect(json["label"] as? String == "api")
        #expect(json["file"] as? String == #fileID)
        let request = (json["metadata"] as? [String: Any])?["request"] as? [String: Any]
        #expect(request?["path"] as? String == "/a")
        #expect(request?["tags"] as? [String] == ["x", "y"])
    }

    /// New lines are filtered like old ones.
    @Test func following() async throws {
        let output = scratch.file("output")
        try #require(FileManager.default.createFile(atPath: output.path, contents: nil))
        let tail = try ToolRun.process(["tail", log, "--follow", "--label", "api", "--level", "error"])
        tail.standardOutput = try FileHandle(forWritingTo: output)
        try tail.run()
        defer { tail.terminate() }
        func shown() throws -> [Substring] {
            String(decoding: try Data(contentsOf: output), as: UTF8.self).split(separator: "\n")
        }
        try await eventually { try shown().count >= 1 }
        let lines = try await LineLog.open(at: log)
        let logger = Logger(label: "api") { lines.handler(label: $0) }
        for number in 1...100 {
            logger.info("info \(number)")
            logger.error("error \(number)")
        }
        try await eventually { try shown().count >= 101 }
        try await lines.close()
        kill(tail.processIdentifier, SIGTERM)
        tail.waitUntilExit()
        #expect(tail.terminationStatus == 0)
        let text = try shown()
        #expect(text.count == 101)
        #expect(text.first?.hasSuffix(" error api.auth: no such user user=ann") == true)
        #expect(text.last?.hasSuffix(" error api: error 100") == true)
    }
}
