#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALTasks

    /// A removed consumer must not keep a log's records forever. The verb that drops it must show which records it releases.
    struct CursorTests {
        private let scratch: Scratch
        private let log: String

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            let open = try WriteAheadLog.openBlocking(at: log)
            for number in 1...9 { _ = try open.appendBlocking(Array("record \(number)".utf8)) }
            try open.setCursor("slow", to: 3)
            try open.setCursor("fast", to: 8)
            try open.closeBlocking()
        }

        private func cursors(_ more: String...) throws -> [String: Int]? {
            let run = try ToolRun(["cursors", log, "--json"] + more)
            #expect(run.status == 0, "\(run.errors)")
            return try run.json["cursors"] as? [String: Int]
        }

        @Test func theyAreListedRemovedAndSet() throws {
            #expect(try cursors() == ["slow": 3, "fast": 8])
            #expect(try ToolRun(["cursors", log]).output.contains("records up to 3; slow keeps the later ones"))
            let removed = try ToolRun(["cursors", log, "--remove", "slow"])
            #expect(removed.status == 0, "\(removed.errors)")
            #expect(removed.output.contains("Removed slow. Retention may remove records up to 8; fast keeps"))
            #expect(try cursors() == ["fast": 8])
            #expect(try cursors("--set", "new", "0") == ["fast": 8, "new": 0])
            #expect(try ToolRun(["cursors", log]).output.contains("new still keeps every record"))
            #expect(try cursors("--set", "fast", "9") == ["fast": 9, "new": 0])
            #expect(try cursors("--remove", "new") == ["fast": 9])
            #expect(try ToolRun(["cursors", log, "--remove", "fast"]).output.contains("No cursor keeps any record"))
            #expect(try cursors() == [:])
            #expect(try ToolRun(["cursors", log]).output == "no cursors\n")
            #expect(try ToolRun(["verify", log]).status == 0)
        }

        /// A program may use a name from its users for a cursor or a sink.
        @Test func namesStayInTheirLine() throws {
            let bad = "sink/a\u{1B}[2J\nslow  9"
            let set = try ToolRun(["cursors", log, "--set", bad, "1"])
            #expect(set.output.controlCharacters == "\n", "\(set.output)")
            for verb in ["cursors", "inspect", "sinks"] {
                let text = try ToolRun([verb, log]).output
                #expect(text.contains("a\\u{1B}[2J\\nslow  9"), "\(text)")
                #expect(text.controlCharacters.allSatisfy { $0 == "\n" }, "\(text)")
            }
            #expect(try cursors() == ["slow": 3, "fast": 8, bad: 1])
        }

        @Test func consumersInOtherProcessesAreShownAlike() async throws {
            let readOnly = try ReadOnlyLog(at: log)
            let consumer = try await readOnly.consumer(
                named: "search", configuration: ConsumerConfiguration(start: .after(2)))
            let run = try ToolRun(["cursors", log, "--json"])
            let shown = try #require(try run.json["consumers"] as? [[String: Any]])
            #expect(shown.count == 1)
            #expect(shown.first?["name"] as? String == "search")
            #expect(shown.first?["position"] as? Int == 2)
            #expect(shown.first?["process"] as? Int == Int(ProcessInfo.processInfo.processIdentifier))
            #expect(shown.first?["is_expired"] as? Bool == false)
            #expect(try run.json["removable_up_to"] as? Int == 2)
            let text = try ToolRun(["cursors", log]).output
            #expect(text.contains("consumers/search"), "\(text)")
            #expect(text.contains("Retention may remove records up to 2; consumers/search keeps the later ones."))
            let inspected = try ToolRun(["inspect", log])
            #expect(inspected.output.contains("consumers/search"), "\(inspected.output)")
            #expect(inspected.output.contains("record 2, process"), "\(inspected.output)")
            #expect(try ToolRun(["verify", log]).status == 0)
            try await consumer.close()
            #expect(try ToolRun(["cursors", log]).output.contains("no owner, expires"))
        }

        @Test func whatIsNotPossibleIsRefusedByName() throws {
            let unknown = try ToolRun(["cursors", log, "--remove", "slwo"])
            #expect(unknown.status == 64 && unknown.errors.contains("it has fast, slow"), "\(unknown.errors)")
            let beyond = try ToolRun(["cursors", log, "--set", "slow", "10"])
            #expect(beyond.status == 64)
            #expect(beyond.errors.contains("up to 9 (the last one), not to 10"), "\(beyond.errors)")
            for arguments in [["--set", "slow"], ["--set", "slow", "x"], ["--set", "a", "1", "--remove", "a"]] {
                #expect(try ToolRun(["cursors", log] + arguments).status == 64)
            }
            #expect(try cursors() == ["slow": 3, "fast": 8])
        }

        /// A log has room for the bookmarks of about 140 inputs. `--remove` makes room for another input.
        @Test func theBookmarkOfAnInputIsRemoved() throws {
            let inputs = scratch.path("inputs")
            let lines = try scratch.file("lines", lines: [#"{"type":"task_delete","task_id":"t"}"#])
            func ingest(_ source: String) throws -> ToolRun {
                try ToolRun(
                    ["ingest", "--log", inputs, "--store", "memory:", "--source", source, "--json"], input: lines)
            }
            try #require(ingest("first").status == 0)
            let open = try WriteAheadLog.openBlocking(at: inputs)
            var last = 1000
            while last < 2000 {
                var batch = RecordBatch()
                batch.append(TaskCodec.encode(.delete(id: "t")))
                let mark = Bookmark(
                    name: "source/\(last + 1)", position: 1, metadata: Array(repeating: 0, count: 13))
                guard (try? open.appendBlocking(batch, bookmark: mark)) != nil else { break }
                last += 1
            }
            try open.closeBlocking()
            let refused = try ingest("input")
            #expect(refused.status == 74, "\(refused.errors)")
            #expect(refused.errors.contains("wal cursors \(inputs) --remove source/NAME"), "\(refused.errors)")
            let removed = try ToolRun(["cursors", inputs, "--remove", "source/1001"])
            #expect(removed.status == 0, "\(removed.errors)")
            #expect(removed.output.contains("Removed source/1001. If this input comes again"), "\(removed.output)")
            #expect(try ToolRun(["cursors", inputs, "--remove", "source/1001"]).status == 64)
            // A name of the same length has room now, and another input keeps its position.
            #expect(try ingest("1001").json["lines"] as? Int == 1)
            #expect(try ingest("first").json["lines_before"] as? Int == 1)
        }

        @Test func anOpenLogIsNamedWithWhatItsProgramCanCall() throws {
            let open = try WriteAheadLog.openBlocking(at: log)
            for arguments in [["--remove", "slow"], ["--set", "slow", "4"]] {
                let run = try ToolRun(["cursors", log] + arguments)
                #expect(run.status == 74)
                #expect(run.errors.contains("WriteAheadLog.removeCursor(_:)"), "\(run.errors)")
                #expect(run.errors.contains("process \(getpid())"), "\(run.errors)")
            }
            #expect(try cursors() == ["slow": 3, "fast": 8])
            try open.closeBlocking()
        }

        /// With a limit, the log doesn't grow by delivered records. At a budget, reading waits for the store.
        @Test(arguments: [
            (["--retention-size", "8MiB"], 1200), (["--disk-budget", "32MiB"], 3000),
            (["--retention-age", "1s", "--disk-budget", "32MiB"], 1200),
        ])
        func ingestKeepsItsLogSmall(limits: [String], lineCount: Int) throws {
            let (small, database, output) = (scratch.path("small"), scratch.path("t.db"), scratch.file("output"))
            _ = FileManager.default.createFile(atPath: output.path, contents: nil)
            let process = try ToolRun.process(
                ["ingest", "--log", small, "--store", "sqlite:\(database)", "--json"] + limits)
            let pipe = Pipe()
            process.standardInput = pipe
            process.standardOutput = try FileHandle(forWritingTo: output)
            try process.run()
            // 12 kB for each line, which compression can't reduce.
            let random = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
            for number in 0..<lineCount {
                let message = try random.read(upToCount: 9000)?.base64EncodedString() ?? ""
                let line =
                    #"{"type":"activity_log","activity":{"id":"a\#(number)","task_id":"t","dag_id":"d","node_id":"n","#
                    + #""action":"act","message":"\#(message)","created_at":"2024-01-01T00:00:00Z"}}"#
                try pipe.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
            }
            try eventuallyBlocking(every: .milliseconds(100)) {
                try ToolRun(["inspect", small, "--json"]).json["first_sequence"] as? Int ?? 0 > 300
            }
            try pipe.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try Sample.query(database, "SELECT count(*) FROM dag_task_activity_logs") == "\(lineCount)")
        }
    }
#endif
