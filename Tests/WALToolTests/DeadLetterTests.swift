#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALDelivery
    import WALSQLite
    import WALTasks

    /// Records that a store rejected must be listed, explained and deliverable later.
    @Suite struct DeadLetterTests {
        private let scratch: Scratch
        private let log: String
        private let database: String

        init() throws {
            scratch = try Scratch()
            log = scratch.path("log")
            database = scratch.path("tasks.db")
        }

        private func task(_ id: String, status: String) -> String {
            """
            {"type":"task_update","task":{"id":"\(id)","dag_id":"d","node_id":"n","status":"\(status)",\
            "created_at":"2026-01-01T00:00:00Z"}}
            """
        }

        private func ingest(_ lines: [String]) throws {
            let input = try scratch.file("input-\(UUID().uuidString)", lines: lines)
            let run = try ToolRun(["ingest", "--log", log, "--store", "sqlite:\(database)"], input: input)
            try #require(run.status == 0, "\(run.errors)")
        }

        /// Makes the store without any task.
        private func makeStore() async throws {
            let store = try await SQLiteTaskStore(path: database)
            try await store.ping()
            try await store.close()
        }

        /// The status counts the letters since the writer's start. The check counts those that remain, so it needs no restart.
        @Test func aCheckCountsTheLettersThatAreLeft() throws {
            let store = "sqlite:\(database)"
            try ingest([task("good", status: "pending")])
            _ = try Sample.query(
                database,
                "CREATE TRIGGER no BEFORE INSERT ON dag_tasks WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END")
            let process = try ToolRun.process(["ingest", "--log", log, "--store", store])
            let input = Pipe()
            process.standardInput = input
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            defer {
                try? input.fileHandleForWriting.close()
                process.waitUntilExit()
            }
            try input.fileHandleForWriting.write(contentsOf: Data((task("bad", status: "running") + "\n").utf8))
            // The limits ignore this machine's own disk.
            let check = ["check", log, "--disk", "100.1,100.1", "--sync-p99", "100s,100s"]
            try eventuallyBlocking(every: .milliseconds(50)) {
                try ToolRun(check).output.contains("sqlite has set 1 records aside. Next: ")
            }
            #expect(try ToolRun.repeated(check + ["--store", store]) { $0.status == 1 }.status == 1)
            _ = try Sample.query(database, "DROP TRIGGER no")
            #expect(try ToolRun(["dead-letters", store, "--redrive"]).status == 0)
            #expect(try ToolRun.repeated(check) { $0.status == 1 }.status == 1)
            let left = try ToolRun.repeated(check + ["--store", store]) { $0.status == 0 }
            #expect(left.status == 0, "\(left.output)")
            #expect(try ToolRun(check + ["--store", "sqlite:\(scratch.path("none"))"]).status == 2)
        }

        @Test func whatAStoreRefusedIsShownAndRedriven() throws {
            try ingest([task("good", status: "pending")])
            _ = try Sample.query(
                database,
                """
                CREATE TRIGGER no BEFORE INSERT ON dag_tasks WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'not him'); END
                """)
            try ingest([task("bad", status: "running"), task("other", status: "failed")])

            let sinks = try ToolRun(["sinks", log, "--store", "sqlite:\(database)", "--json"]).json
            let sink = try #require((sinks["sinks"] as? [[String: Any]])?.first)
            #expect(sink["name"] as? String == "sqlite")
            #expect(sink["position"] as? Int == 3)
            #expect(sink["lag_records"] as? Int == 0)
            let store = try #require((sinks["stores"] as? [[String: Any]])?.first)
            #expect(store["dead_letters"] as? Int == 1)
            let lanes = try #require(store["lanes"] as? [[String: Any]])
            #expect(lanes.count == 16)
            #expect(lanes.allSatisfy { $0["epoch"] as? Int == 2 && $0["position"] as? Int == 3 })
            #expect(try ToolRun(["sinks", log]).output.contains("sqlite"))

            let shown = try ToolRun(["dead-letters", "sqlite:\(database)", "--json"])
            let letter = try shown.json
            #expect(shown.status == 0)
            #expect(letter["sequence"] as? Int == 2)
            #expect(letter["row_id"] as? String == "bad")
            #expect((letter["reason"] as? String)?.contains("not him") == true)
            #expect((letter["event"] as? String)?.contains(#""status":"running""#) == true)

            let refused = try ToolRun(["dead-letters", "sqlite:\(database)", "--redrive"])
            #expect(refused.status == 1)
            #expect(refused.output.contains("still: "))
            _ = try Sample.query(database, "DROP TRIGGER no")
            let redriven = try ToolRun(["dead-letters", "sqlite:\(database)", "--redrive"])
            #expect(redriven.status == 0)
            #expect(redriven.errors.contains("Redriven: 1. Left: 0."))
            #expect(try Sample.query(database, "SELECT status FROM dag_tasks WHERE id = 'bad'") == "running")
            #expect(try Sample.query(database, "SELECT count(*) FROM wal_sink_dead_letter") == "0")
            #expect(try ToolRun(["dead-letters", "sqlite:\(database)"]).output == "")
        }

        /// A letter whose bytes aren't a change of tasks stays, and the letters after it are applied all the same.
        @Test func aLetterThatCannotBeDecodedHoldsUpNoOther() throws {
            try ingest([task("good", status: "pending")])
            let stray = try scratch.file("stray", lines: ["stray"])
            try #require(ToolRun(["append", log], input: stray).status == 0)
            _ = try Sample.query(
                database,
                "CREATE TRIGGER no BEFORE INSERT ON dag_tasks WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END")
            try ingest([task("bad", status: "running")])
            _ = try Sample.query(database, "DROP TRIGGER no")
            let run = try ToolRun(["dead-letters", "sqlite:\(database)", "--redrive", "--json"])
            #expect(run.status == 1 && run.errors.contains("Redriven: 1. Left: 1."), "\(run.errors)")
            #expect(try run.json["sequence"] as? Int == 2)
            #expect((try run.json["redrive_error"] as? String)?.contains("can't be decoded") == true)
            #expect(try Sample.query(database, "SELECT status FROM dag_tasks WHERE id = 'bad'") == "running")
            #expect(try Sample.query(database, "SELECT count(*) FROM wal_sink_dead_letter") == "1")
        }

        @Test func whatAConsumerInAnotherProcessHasParkedIsShown() async throws {
            let writer = try await WriteAheadLog.open(at: log)
            for number in 1...3 { try await writer.append(Array("record \(number)".utf8)) }
            try await writer.sync()
            let consumer = try await ReadOnlyLog(at: log).consumer(named: "mailer")
            var deliveries = consumer.makeAsyncIterator()
            _ = try await deliveries.next()
            try await deliveries.next()?.park("no address", code: "550")
            try await consumer.close()
            try await writer.close()
            let shown = try ToolRun(["dead-letters", log, "--json"])
            let letter = try shown.json
            #expect(
                letter["sink"] as? String == "consumer/mailer" && letter["sequence"] as? Int == 2, "\(shown.output)")
            #expect(letter["reason"] as? String == "no address" && letter["code"] as? String == "550")
            // Operators remove a consumer's file to start the consumer over. The letters must stay.
            let file = log + "/consumers/mailer"
            try Data("damaged".utf8).write(to: URL(filePath: file))
            #expect(try ToolRun(["dead-letters", log, "--json"]).output == shown.output)
            try FileManager.default.removeItem(atPath: file)
            #expect(try ToolRun(["dead-letters", log, "--json"]).output == shown.output)
        }

        /// Its letters are in a folder of its own, and `--sink` must find them there.
        @Test func whatAConsumerInAnotherProcessHasParkedIsRedriven() async throws {
            let writer = try await WriteAheadLog.open(at: log)
            try await writer.append(TaskCodec.encode(.save(PersistentTask(id: "late", dagID: "d", nodeID: "n"))))
            try await writer.sync()
            let consumer = try await ReadOnlyLog(at: log).consumer(named: "mailer")
            var deliveries = consumer.makeAsyncIterator()
            try await deliveries.next()?.park("no address", code: "550")
            try await consumer.close()
            try await writer.close()
            let redrive = ["dead-letters", log, "--redrive", "--into", "sqlite:\(database)"]
            #expect(try ToolRun(redrive).errors == "Redriven: 0. Left: 0.\n")
            try await makeStore()
            let run = try ToolRun(redrive + ["--sink", "consumer/mailer"])
            #expect(run.status == 0 && run.errors.contains("Redriven: 1. Left: 0."), "\(run.errors)")
            #expect(try Sample.query(database, "SELECT group_concat(id) FROM dag_tasks") == "late")
            #expect(try ToolRun(["dead-letters", log]).output == "")
        }

        /// A damaged letter hides neither the other letters nor the positions of sinks.
        @Test(arguments: [UInt8(1), 2, 3]) func damageAmongLettersHidesNoOther(_ damaged: UInt8) async throws {
            let writer = try await WriteAheadLog.open(at: log)
            try await writer.append([1])
            try await writer.sync()
            try writer.setCursor("sink/mail", to: 1)
            try await writer.close()
            // One handle for all letters, so that they are in one segment, which is closed before it is damaged.
            let kept = DeadLetterLog.of(logDirectory: log)
            for number: UInt8 in 1...3 {
                let letter = DeadLetterRecord(
                    sequence: SequenceNumber(rawValue: UInt64(number)), time: .now, sink: "mail", code: "1",
                    reason: "no", payload: Array(repeating: number, count: 100))
                try await kept.append(letter)
            }
            await kept.release()
            let path = URL(filePath: log + "/dead-letters/00000000000000000001.wal")
            let place = try #require(try Data(contentsOf: path).range(of: Data(repeating: damaged, count: 100)))
            let file = try FileHandle(forWritingTo: path)
            try file.seek(toOffset: UInt64(place.lowerBound))
            try file.write(contentsOf: Data([0]))
            try file.close()
            let letters = try ToolRun(["dead-letters", log])
            #expect(letters.status == 1 && letters.errors.hasPrefix("Dead letters are damaged: "), "\(letters.errors)")
            let shown = letters.output.split(separator: "\n").compactMap { UInt8($0.prefix { $0 != "\t" }) }
            #expect(shown == [1, 2, 3].filter { $0 != damaged })
            let sinks = try ToolRun(["sinks", log, "--json"])
            #expect(sinks.status == 0, "\(sinks.errors)")
            let overview = try sinks.json
            let sink = try #require((overview["sinks"] as? [[String: Any]])?.first)
            #expect(sink["position"] as? Int == 1 && sink["dead_letters"] as? Int == 2)
            let note = try #require((overview["notes"] as? [String])?.first)
            #expect(note.hasPrefix("Dead letters are damaged: "), "\(note)")
            let top = try ToolRun(["top", log, "--batch", "1", "--pane", "4"])
            #expect(top.status == 0 && top.output.contains("mail"), "\(top.errors)")
            for verb in ["check", "doctor"] {
                let output = try ToolRun([verb, log]).output
                #expect(output.contains("! dead letters beside the log are damaged. Next: "), "\(output)")
            }
        }

        /// A database's reason and a task's error have texts of users.
        @Test func textsOfUsersStayInTheirLine() async throws {
            let bad = "a\u{1B}[2J\u{9B}\n2\tforged"
            try ingest([task("t", status: "failed")])
            try await DeadLetterLog.of(logDirectory: log).append(
                DeadLetterRecord(sequence: 1, time: .now, sink: "postgres", code: "1", reason: bad, payload: [1]))
            let letters = try ToolRun(["dead-letters", log]).output
            #expect(letters.contains("a\\u{1B}[2J\\u{009B}\\n2\\tforged"), "\(letters)")
            #expect(letters.controlCharacters == "\t\t\t\t\t\n", "\(letters)")
            _ = try Sample.query(
                database, "UPDATE dag_tasks SET error = 'a' || char(27) || '[2J' || char(10) || char(9) || 'forged'")
            let tasks = try ToolRun(["tasks", "sqlite:\(database)", "--task", "t"]).output
            #expect(tasks.hasSuffix("a\\u{1B}[2J\\n\\tforged\n"), "\(tasks)")
        }

        @Test func whatAFlusherSetAsideIsShownAndRedrivenOnce() async throws {
            let input = try scratch.file("lines", lines: ["one"])
            try #require(ToolRun(["append", log], input: input).status == 0)
            let mutation = TaskMutation.save(PersistentTask(id: "late", dagID: "d", nodeID: "n"))
            let letter = DeadLetterRecord(
                sequence: 1, time: .now, sink: "postgres", code: "54000", reason: "row is too big",
                payload: TaskCodec.encode(mutation))
            try await DeadLetterLog.of(logDirectory: log).append(letter)
            let shown = try ToolRun(["dead-letters", log, "--json"]).json
            #expect(shown["sink"] as? String == "postgres")
            #expect(shown["reason"] as? String == "row is too big")
            let redrive = ["dead-letters", log, "--redrive", "--into", "sqlite:\(database)", "--sink", "postgres"]
            // With a mistyped path, the verb made a database, applied the letters there, and removed them from the log.
            let mistyped = try ToolRun(redrive)
            #expect(mistyped.status == 74 && mistyped.errors.contains(database), "\(mistyped)")
            #expect(!FileManager.default.fileExists(atPath: database))
            #expect(try ToolRun(["dead-letters", log, "--json"]).json["sink"] as? String == "postgres")
            try await makeStore()
            for _ in 0..<2 {
                let run = try ToolRun(redrive)
                #expect(run.status == 0, "\(run.errors)")
                #expect(try Sample.query(database, "SELECT group_concat(id) FROM dag_tasks") == "late")
                _ = try Sample.query(database, "UPDATE dag_tasks SET status = 'running'")
            }
            // At the second call, there was nothing left to apply.
            #expect(try Sample.query(database, "SELECT status FROM dag_tasks") == "running")
            #expect(try ToolRun(["dead-letters", log]).output == "")
            #expect(!(try ToolRun(["doctor", log]).output.contains("are kept beside the log")))
        }

        /// A letter that the older copy had set aside was passed over, and removed.
        @Test func lettersOfAnOlderCopyAreKept() async throws {
            let input = try scratch.file("lines", lines: ["one"])
            try #require(ToolRun(["append", log], input: input).status == 0)
            func setAside(_ number: UInt64) async throws {
                let kept = DeadLetterLog.of(logDirectory: log)
                let save = TaskMutation.save(PersistentTask(id: "t\(number)", dagID: "d", nodeID: "n"))
                try await kept.append(
                    DeadLetterRecord(
                        sequence: SequenceNumber(rawValue: number), time: .now, sink: "sqlite", code: "c", reason: "r",
                        payload: TaskCodec.encode(save)))
                await kept.release()
            }
            let (letters, older) = (log + "/dead-letters", scratch.path("older"))
            try await setAside(1)
            try FileManager.default.copyItem(atPath: letters, toPath: older)
            try await setAside(2)
            try await setAside(3)
            try await makeStore()
            let redrive = ["dead-letters", log, "--redrive", "--into", "sqlite:\(database)"]
            #expect(try ToolRun(redrive).errors == "Redriven: 3. Left: 0.\n")
            try FileManager.default.removeItem(atPath: letters)
            try FileManager.default.moveItem(atPath: older, toPath: letters)
            try await setAside(4)
            let run = try ToolRun(redrive)
            #expect(run.status == 1, "\(run.errors)")
            #expect(run.errors.contains("up to 3") && run.errors.contains("`redrive`"), "\(run.errors)")
            #expect(try Sample.query(database, "SELECT count(*) FROM dag_tasks") == "3")
            #expect(try ToolRun(["dead-letters", log]).output.split(separator: "\n").count == 2)
        }

        /// They were applied in the store of another sink, or passed over, and removed.
        @Test func onlyLettersOfTheSinkAreRedriven() async throws {
            let input = try scratch.file("lines", lines: ["one", "two", "three"])
            try #require(ToolRun(["append", log], input: input).status == 0)
            let save = TaskCodec.encode(.save(PersistentTask(id: "late", dagID: "d", nodeID: "n")))
            // A message of a flow, of kind 31.
            for (number, sink, payload) in [(1, "mail", [1, 31, 2, 0x61]), (2, "sqlite", save), (3, "nats", save)] {
                try await DeadLetterLog.of(logDirectory: log).append(
                    DeadLetterRecord(
                        sequence: SequenceNumber(rawValue: UInt64(number)), time: .now, sink: sink, code: "c",
                        reason: "r", payload: payload))
            }
            try await makeStore()
            let redrive = ["dead-letters", log, "--redrive", "--into", "sqlite:\(database)"]
            let own = try ToolRun(redrive)
            #expect(own.status == 0, "\(own.errors)")
            #expect(own.errors.contains("others stay (--sink names one): mail, nats."), "\(own.errors)")
            #expect(own.errors.contains("Redriven: 1. Left: 0."))
            #expect(try ToolRun(redrive + ["--sink", "mail"]).status == 65)
            #expect(try ToolRun(["dead-letters", log, "--json"]).output.split(separator: "\n").count == 2)
            // Its place is after one that is applied, and before none.
            #expect(try ToolRun(redrive + ["--sink", "nats"]).errors.contains("Redriven: 1. Left: 0."))
            #expect(try ToolRun(["dead-letters", log]).output.split(separator: "\n").count == 1)
            #expect(try ToolRun(["dead-letters", log, "--sink", "nats"]).status == 64)
        }

        /// What the store rejects again is the store's dead letter, and isn't redriven.
        @Test func aLetterThatTheStoreRejectsIsLeft() async throws {
            try ingest([task("good", status: "pending")])
            _ = try Sample.query(
                database,
                "CREATE TRIGGER no BEFORE INSERT ON dag_tasks WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END")
            let mutation = TaskMutation.save(PersistentTask(id: "bad", dagID: "d", nodeID: "n"))
            let letter = DeadLetterRecord(
                sequence: 1, time: .now, sink: "sqlite", code: "connectionLost", reason: "no",
                payload: TaskCodec.encode(mutation))
            try await DeadLetterLog.of(logDirectory: log).append(letter)
            let run = try ToolRun(["dead-letters", log, "--redrive", "--into", "sqlite:\(database)"])
            #expect(run.status == 1 && run.errors.contains("Redriven: 0. Left: 1."), "\(run.errors)")
            #expect(try ToolRun(["dead-letters", "sqlite:\(database)"]).output.contains("save bad"))
            #expect(try ToolRun(["dead-letters", log]).output == "")
        }

        /// The letters of a user's own tables went into task tables that nobody had asked for, and were reported as redriven.
        @Test func recordsThatAreNoChangesOfTasksAreRefusedBeforeAnythingIsWritten() async throws {
            let input = try scratch.file("lines", lines: ["order 1", "order 2"])
            try #require(ToolRun(["append", log], input: input).status == 0)
            for number: UInt64 in 1...2 {
                let letter = DeadLetterRecord(
                    sequence: SequenceNumber(rawValue: number), time: .now, sink: "sqlite", code: "787", reason: "no",
                    payload: Array("order \(number)".utf8))
                try await DeadLetterLog.of(logDirectory: log).append(letter)
            }
            let writer = try await WriteAheadLog.open(at: log)
            try writer.setCursor("owed/sqlite/1-2-ab", to: .zero)
            try await writer.close()
            let event = try scratch.file("event", lines: [task("one", status: "pending")])
            let store = "sqlite:\(database)"
            let runs = [
                ["dead-letters", log, "--redrive", "--into", store], ["replay", log, "--into", store],
                ["replay", log, "--owed", "--into", store], ["ingest", "--log", log, "--store", store],
            ]
            for arguments in runs {
                let run = try ToolRun(arguments, input: event)
                #expect(run.status == 65, "\(arguments): \(run.errors)")
                #expect(run.errors.contains("no change of tasks (unknownVersion)"), "\(run.errors)")
                #expect(!FileManager.default.fileExists(atPath: database), "\(arguments)")
            }
            let reading = try ReadOnlyLog(at: log)
            #expect(try reading.lastSequence == 2)
            #expect(try reading.owedRecords.map(\.sequences) == [1...2])
            #expect(try ToolRun(["dead-letters", log]).output.split(separator: "\n").count == 2)
        }

        /// A database with a user's own tables is reachable, and isn't down.
        @Test func aDatabaseOfOwnTablesIsReportedAsWhatItIs() async throws {
            let input = try scratch.file("lines", lines: ["order 1"])
            try #require(ToolRun(["append", log], input: input).status == 0)
            let sink = try await SQLiteSink(path: database) { _, _ in }
            _ = try await sink.claim(0..<1, of: 1, log: ReadOnlyLog(at: log).id)
            await sink.close()
            let writer = try await WriteAheadLog.open(at: log)
            try writer.setCursor("sink/sqlite", to: 1)
            try await writer.close()
            let store = "sqlite:\(database)"
            let check = try ToolRun(["check", log, "--store", store, "--format", "json"])
            let items = try #require(try check.json["items"] as? [[String: Any]])
            let item = try #require(items.first { $0["name"] as? String == "store" })
            #expect(item["verdict"] as? String == "OK")
            #expect((item["text"] as? String)?.contains("no tables of tasks") == true)
            let sinks = try ToolRun(["sinks", log, "--store", store])
            #expect(sinks.status == 0 && sinks.output.contains("is reachable, with the positions of sinks"), "\(sinks)")
            // The letters of the sink are all beside the log, so their number is whole.
            #expect(!sinks.output.contains("0+"), "\(sinks)")
            let letters = try ToolRun(["dead-letters", store])
            #expect(letters.status == 65, "\(letters)")
            #expect(letters.errors.contains("beside the log: wal dead-letters DIR"), "\(letters)")
            let tables = "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table'"
            #expect(try Sample.query(database, tables) == "wal_sink_lane")
        }

        /// The letters' directory is made before its first segment, which a full disk may refuse.
        @Test(arguments: [false, true]) func aLogWithoutLettersHasNothingToRedrive(_ hasDirectory: Bool) throws {
            try ingest([task("good", status: "pending")])
            if hasDirectory {
                try FileManager.default.createDirectory(
                    atPath: log + "/dead-letters", withIntermediateDirectories: false)
            }
            let run = try ToolRun(["dead-letters", log, "--redrive", "--into", "sqlite:\(database)"])
            #expect(run.status == 0)
            #expect(run.errors == "Redriven: 0. Left: 0.\n")
        }

        @Test func placesThatCannotBeAskedAreRefused() throws {
            #expect(try ToolRun(["dead-letters", "memory:"]).status == 64)
            #expect(try ToolRun(["dead-letters", log, "--redrive"]).status == 64)
            #expect(try ToolRun(["dead-letters", "sqlite:\(database)", "--into", "memory:"]).status == 64)
            #expect(try ToolRun(["sinks", log]).status == 65)
            // Letters and debts must not be settled with a store that ends with the process.
            for verb in [["dead-letters", "--redrive"], ["replay", "--owed"]] {
                let run = try ToolRun([verb[0], log, verb[1], "--into", "memory:"])
                #expect(run.status == 64 && run.errors.contains("memory: ends with this process"), "\(run)")
            }
        }

        @Test func aLogWithoutSinksSaysSo() throws {
            let input = try scratch.file("lines", lines: ["one", "two"])
            try #require(ToolRun(["append", log], input: input).status == 0)
            #expect(try ToolRun(["sinks", log]).output == "no sinks\n")
            #expect(try ToolRun(["dead-letters", log]).output == "")
        }
    }
#endif
