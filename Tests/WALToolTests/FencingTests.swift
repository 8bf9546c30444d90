#if SQLite
    import Foundation
    import TestSupport
    import Testing

    /// A copy of a log in use. If both delivered, rows of one would overwrite those of the other.
    @Suite struct FencingTests {
        private let scratch: Scratch

        init() throws {
            scratch = try Scratch()
        }

        private func line(_ id: String) -> String {
            """
            {"type":"task_update","task":{"id":"\(id)","dag_id":"d","node_id":"n","status":"running",\
            "created_at":"2026-01-01T00:00:00Z"}}
            """
        }

        @Test func theFirstOfTwoFlushersIsFencedAndSaysSo() throws {
            let database = scratch.path("tasks.db")
            func arguments(_ log: String) -> [String] {
                ["ingest", "--log", scratch.path(log), "--store", "sqlite:\(database)"]
            }
            let errors = scratch.file("errors")
            _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
            let input = Pipe()
            let first = try ToolRun.process(arguments("log"))
            first.standardInput = input
            first.standardOutput = FileHandle.nullDevice
            first.standardError = try FileHandle(forWritingTo: errors)
            try first.run()
            try input.fileHandleForWriting.write(contentsOf: Data((line("first") + "\n").utf8))
            eventuallyBlocking(every: .milliseconds(50)) {
                (try? Sample.query(database, "SELECT count(*) FROM dag_tasks")) == "1"
            }
            let copy = scratch.path("copy")
            if (try? FileManager.default.copyItem(atPath: scratch.path("log"), toPath: copy)) == nil {
                // A file was renamed meanwhile.
                try? FileManager.default.removeItem(atPath: copy)
                try FileManager.default.copyItem(atPath: scratch.path("log"), toPath: copy)
            }

            let second = try ToolRun(arguments("copy"), input: scratch.file("more", lines: [line("second")]))
            #expect(second.status == 0, "\(second.errors)")

            try input.fileHandleForWriting.write(contentsOf: Data((line("late") + "\n").utf8))
            try input.fileHandleForWriting.close()
            first.waitUntilExit()
            #expect(first.terminationStatus == 75)
            #expect(try String(contentsOf: errors, encoding: .utf8).contains("fenced"))
            #expect(try Sample.query(database, "SELECT group_concat(id) FROM dag_tasks ORDER BY id") == "first,second")
        }
    }
#endif
