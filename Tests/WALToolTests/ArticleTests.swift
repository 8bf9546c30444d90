#if SQLite
    import ArgumentParser
    import Foundation
    import Testing
    import WAL

    @testable import WALTool

    /// The tool matches its article: the verbs, their exit codes and the shapes of their JSON.
    struct ArticleTests {
        private let scratch: Scratch
        private let log: String
        private let database: String
        private let article: String

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            database = scratch.path("tasks.db")
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("Sources/WAL/WAL.docc/TheTool.md")
            article = try String(contentsOf: file, encoding: .utf8)
        }

        private static let verbs = Tool.configuration.subcommands.map { type in
            type.configuration.commandName ?? "\(type)".lowercased()
        }

        /// The text of a verb's section.
        private func section(_ verb: String) throws -> Substring {
            let start = try #require(article.range(of: "\n## \(verb)\n"), "no section \(verb)").upperBound
            let rest = article[start...]
            return rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        }

        /// The objects of a section's examples, each from its first line on.
        private func examples(_ verb: String) throws -> [[String: Any]] {
            var objects: [[String: Any]] = []
            for (index, block) in try section(verb).components(separatedBy: "```").enumerated() where index % 2 == 1 {
                var text = ""
                for line in block.dropFirst("json\n".count).split(separator: "\n") {
                    text += line
                    if let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] {
                        objects.append(object)
                        text = ""
                    }
                }
                #expect(text.isEmpty, "\(verb): \(text)")
            }
            return objects
        }

        /// The names and types of a value, without the values. `nil` and empty arrays match any type.
        private func shape(_ value: Any, anyKeys: Bool = false) -> String {
            switch value {
            case let object as [String: Any]:
                let members = object.sorted { $0.key < $1.key }.map { key, value in
                    let isByName = ["cursors", "bookmarks"].contains(key) && !(value is [Any])
                    return "\(anyKeys ? "*" : key):\(shape(value, anyKeys: isByName))"
                }
                return "{\(anyKeys ? members.first ?? "" : members.joined(separator: ","))}"
            case let array as [Any]: return "[\(array.first.map { shape($0) } ?? "")]"
            default: return "."
            }
        }

        private func expect(_ run: ToolRun, status: Int32 = 0, isLike example: [String: Any]) throws {
            #expect(run.status == status, "\(run.errors)")
            #expect(try shape(run.json) == shape(example))
        }

        private func first(_ verb: String) throws -> [String: Any] { try #require(examples(verb).first) }

        /// The cells of the table rows with this beginning.
        private func rows(startingWith prefix: String) -> [[String]] {
            article.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map {
                $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            }
        }

        @Test func everyVerbIsThereWithItsExitCodes() throws {
            let documented = Dictionary(
                rows(startingWith: "| `").filter { $0.count == 3 }.map { ($0[0].trimmingCharacters(in: ["`"]), $0[2]) },
                uniquingKeysWith: { $1 })
            #expect(Set(documented.keys) == Set(Self.verbs))
            let codes = Set(rows(startingWith: "| ").compactMap { Int32($0[0]) })
            let statuses: [WALTool.ExitStatus] = [.fine, .damage, .usage, .badInput, .inputOutput, .fenced]
            // `check` and `doctor` have the exit codes of monitoring plugins.
            #expect(codes == Set(statuses.map(\.rawValue)).union([2, 3]))
            for verb in Self.verbs {
                let numbers = (documented[verb] ?? "").matches(of: /\b\d+\b/).compactMap { Int32($0.output) }
                #expect(numbers.contains(0) && numbers.allSatisfy(codes.contains), "\(verb)")
                _ = try section(verb)
                #expect(try ToolRun([verb, "--nonsense"]).status == 64)
            }
        }

        private func ingest(_ lines: [String]) throws -> ToolRun {
            try ToolRun(
                ["ingest", "--log", log, "--store", "sqlite:\(database)", "--json"],
                input: scratch.file("input-\(UUID().uuidString)", lines: lines))
        }

        /// `ingest` accepts the lines of its section, and `dump` prints them with two additional members.
        @Test func linesOfTaskEvents() throws {
            let lines = try examples("ingest").dropFirst()
            #expect(lines.count == 7)
            let run = try ingest(
                lines.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) })
            try expect(run, isLike: first("ingest"))
            let dump = try ToolRun(["dump", "--json", log]).output.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            for (index, (line, dumped)) in zip(lines, dump).enumerated() {
                var rest = dumped
                #expect(rest.removeValue(forKey: "sequence") as? Int == index + 1)
                #expect(rest.removeValue(forKey: "time") is String)
                #expect(NSDictionary(dictionary: rest) == NSDictionary(dictionary: line))
            }
        }

        @Test func shapesOfResults() throws {
            let lines = try ["one", "two", "three", "four", "five"].map { try scratch.file($0, lines: [$0]) }
            let plain = scratch.path("plain")
            for line in lines {
                try expect(ToolRun(["append", plain, "--json"], input: line), isLike: first("append"))
            }
            try expect(ToolRun(["dump", plain, "--json", "--to", "1"]), isLike: first("dump"))
            try expect(ToolRun(["tail", plain, "--json", "-n", "1"]), isLike: first("dump"))
            try expect(
                ToolRun(["dump", plain, "--frames", "--json", "--to", "1", "--segment", "1"]),
                isLike: #require(examples("dump").last))
            try expect(ToolRun(["stat", plain, "--json"]), isLike: first("stat"))
            try expect(ToolRun(["graph", plain, "--json", "--by", "365d"]), isLike: first("graph"))

            let event = """
                {"type":"task_update","task":{"id":"bad","dag_id":"d","node_id":"n","status":"running",\
                "created_at":"2026-01-01T00:00:00Z"}}
                """
            try expect(ingest([#"{"type":"task_delete","task_id":"t"}"#]), isLike: first("ingest"))
            _ = try Sample.query(
                database,
                "CREATE TRIGGER no BEFORE INSERT ON dag_tasks WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END")
            try expect(ingest([event]), isLike: first("ingest"))
            try expect(ToolRun(["inspect", log, "--json"]), isLike: first("inspect"))
            let store = "sqlite:\(database)"
            try expect(ToolRun(["sinks", log, "--json", "--store", store]), isLike: first("sinks"))
            try expect(ToolRun(["dead-letters", store, "--json"]), isLike: first("dead-letters"))
            try expect(
                ToolRun(["dead-letters", store, "--json", "--redrive"]), status: 1, isLike: first("dead-letters"))
            try expect(
                ToolRun(["replay", log, "--into", "sqlite:\(scratch.path("copy.db"))", "--json"]),
                isLike: first("replay"))
            try expect(ToolRun(["cursors", log, "--json"]), isLike: first("cursors"))
            try expect(
                ToolRun([
                    "bench", "--directory", scratch.directory.path, "--seconds", "0.1", "--records", "1000", "--json",
                ]),
                isLike: first("bench"))
            try expect(ToolRun(["hash", plain, "--json"]), isLike: first("hash"))
            let backup = scratch.path("backup")
            try expect(ToolRun(["backup", plain, backup, "--json"]), isLike: first("backup"))
            try expect(ToolRun(["restore", backup, scratch.path("restored"), "--json"]), isLike: first("restore"))
            #expect(try ToolRun(["restore", backup, scratch.path("restored")]).status == 65)
            let replica = try LogReplica.openBlocking(at: scratch.path("replica"), of: .random())
            try replica.closeBlocking()
            try expect(ToolRun(["promote", scratch.path("replica"), "--json"]), isLike: first("promote"))
            try damage(plain)
            let finding = try first("verify")
            try expect(ToolRun(["verify", plain, "--json"]), status: 1, isLike: finding)
            let steps = finding.merging(try first("repair")) { $1 }
            try expect(ToolRun(["repair", plain, "--json"]), status: 1, isLike: steps)
            try expect(ToolRun(["repair", plain, "--json", "--apply"]), status: 0, isLike: steps)
            #expect(try ToolRun(["repair", plain]).status == 0)
        }

        private func damage(_ directory: String) throws {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasSuffix(".wal") {
                let file = URL(fileURLWithPath: "\(directory)/\(name)")
                var data = try Data(contentsOf: file)
                guard let record = data.range(of: Data("three".utf8)) else { continue }
                data[record.lowerBound] ^= 1
                try data.write(to: file)
            }
        }

        @Test func versionIsToldWithTheStores() throws {
            let run = try ToolRun(["--version"])
            #expect(run.status == 0)
            #expect(run.output.hasPrefix("wal ") && run.output.contains("sqlite"))
        }
    }
#endif
