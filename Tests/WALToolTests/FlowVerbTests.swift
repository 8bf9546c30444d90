#if SQLite
    import Foundation
    import TestSupport
    import Testing
    import WAL
    import WALFlow
    import WALMonitor
    import WALSQLite
    import WALTasks

    /// The verbs about flows, on the log of a program that has ended.
    @Suite(.timeLimit(.minutes(10))) struct FlowVerbTests {
        private let scratch: Scratch
        private let log: String

        private static func dag(_ middle: String = "b") -> DAG<Int, Int> {
            DAG(name: "Orders", key: "orders", of: Int.self) { dag, input in
                let a = dag.addNode("a", after: input) { _, value in value + 1 }
                let b = dag.addNode(middle, after: a) { _, value in
                    if value < 0 { throw PermanentError("below zero\u{1B}[2J\u{9B}\nforged\tline") }
                    return value
                }
                let answer = dag.addWait("answer", after: b, for: Int.self, timeout: .seconds(86_400))
                return dag.addNode("sum", after: b, answer) { _, x, y in x * 100 + y }
            }
        }

        private func open() async throws -> (BufferedTaskStorage<MemoryTaskStore>, FlowRunner) {
            let storage = try await BufferedTaskStorage.memory(log: log)
            return (storage, try await FlowRunner(storage: storage, dags: [Self.dag()]))
        }

        init() async throws {
            scratch = try Scratch()
            log = scratch.path("log")
            let (storage, runner) = try await open()
            let waiting = try await runner.process(1, by: Self.dag(), id: "waiting")
            try await eventually { waiting.state.reason.hasPrefix("waiting for answer") }
            let failed = try await runner.process(-5, by: Self.dag(), id: "failed")
            await #expect(throws: FlowError.self) { try await failed.result() }
            await runner.close()
            try await storage.close()
        }

        private func flow(_ arguments: String..., status: Int32 = 0) throws -> String {
            let run = try ToolRun(["flow"] + arguments)
            #expect(run.status == status, "\(arguments): \(run.output)\(run.errors)")
            return run.output + run.errors
        }

        @Test func theLivePageHasThemWithAPicture() async throws {
            let monitor = try LogMonitor(at: log)
            func flows(_ query: String) async throws -> [[String: Any]] {
                let response = await monitor.respond(
                    to: MonitorRequest(
                        method: "GET", target: "/api/v1/flows\(query)", headers: [(name: "Host", value: "localhost")]))
                guard case .bytes(let bytes) = response.body else { return [] }
                let body = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
                return try #require(body?["tasks"] as? [[String: Any]])
            }
            let all = try await flows("")
            #expect(Set(all.map { $0["task"] as? String }) == ["waiting", "failed"] && all[0]["picture"] == nil)
            let failed = try #require(try await flows("?task=failed").first)
            #expect((failed["reason"] as? String)?.hasPrefix("failed at b: below zero") == true)
            #expect((failed["nodes"] as? [String: Int])?["failed"] == 1)
            let picture = try #require(failed["picture"] as? String)
            // An image needs the namespace.
            #expect(picture.hasPrefix("<svg xmlns=") && picture.contains("✗ b"))
        }

        @Test func tasksAreListedShownAndDrawn() throws {
            let list = try flow("list", log)
            #expect(list.contains("waiting\torders") && list.contains("waiting for answer until"))
            #expect(list.contains("failed at b: below zero"))
            let json = try flow("list", log, "--json", "--dag", "orders").split(separator: "\n")
            #expect(json.count == 2)
            #expect(try flow("list", log, "--dag", "other") == "No live tasks.\n")
            let plain = scratch.path("plain")
            #expect(try ToolRun(["append", plain], input: scratch.file("line", lines: ["one"])).status == 0)
            #expect(try flow("list", plain) == "The log has no flows.\n")
            #expect(try flow("stuck", plain) == "No task needs a person.\n")
            #expect(try flow("stuck", log, status: 1).contains("failed"))
            let shown = try flow("show", log, "waiting")
            let lines = shown.split(separator: "\n").map {
                $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            }
            #expect(lines[0][0].hasPrefix("waiting: waiting for answer until "))
            let steps = lines.dropFirst().map { $0[0...2].joined(separator: " ") }
            #expect(steps == ["a done attempt 1", "b done attempt 1", "answer waiting ", "sum pending "])
            #expect(lines[1].last == "2" && lines[3].last?.hasPrefix("until ") == true)
            #expect(try flow("show", log, "failed").contains("b\tfailed\tattempt 1\t"))
            let history = try flow("history", log, "waiting").split(separator: "\n").map {
                $0.split(separator: "\t")[2]
            }
            #expect(history == ["begin", "result", "result", "wait"])
            #expect(try flow("show", log, "waiting", "--as", "mermaid").contains("[\"✓ a\"]:::done"))
            #expect(try flow("show", log, "waiting", "--as", "dot").contains("label=\"… answer (waits)\""))
            let svg = try flow("show", log, "failed", "--as", "svg")
            #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n") && svg.contains("✗ b"))
            #expect(try flow("show", log, "nobody", status: 64).contains("`wal flow list` shows the live ones"))
            let dump = try ToolRun(["dump", "--json", log]).output.split(separator: "\n")
            #expect(dump.contains { $0.contains(#""type":"flow""#) && $0.contains(#""kind":"begin""#) })
        }

        /// A step's error must neither control a terminal nor add a line.
        @Test func errorsOfStepsStayInTheirLine() throws {
            for arguments in [["list", log], ["show", log, "failed"], ["history", log, "failed"]] {
                let text = try ToolRun(["flow"] + arguments).output
                #expect(text.contains("below zero\\u{1B}[2J\\u{009B}\\nforged\\tline"), "\(text)")
                #expect(text.controlCharacters.allSatisfy { $0 == "\n" || $0 == "\t" }, "\(text)")
            }
            let dump = try ToolRun(["dump", log]).output
            #expect(dump.contains("\\nforged") && dump.controlCharacters.allSatisfy { $0 == "\n" || $0 == "\t" })
        }

        @Test func aNewGraphIsCheckedBeforeItRuns() throws {
            let same = scratch.path("same.json")
            try Self.dag().graphJSON().write(toFile: same, atomically: true, encoding: .utf8)
            #expect(try flow("check", log, "--graph", same).contains("No live task of orders would be parked"))
            let renamed = scratch.path("renamed.json")
            try Self.dag("c").graphJSON().write(toFile: renamed, atomically: true, encoding: .utf8)
            let conflict = try flow("check", log, "--graph", renamed, status: 1)
            #expect(conflict.contains("waiting\tthe step b has a result that answer needs"))
            #expect(!conflict.contains("failed\t"))
            let broken = scratch.path("broken.json")
            try "{".write(toFile: broken, atomically: true, encoding: .utf8)
            #expect(try flow("check", log, "--graph", broken, status: 65).contains("graphJSON()"))
        }

        @Test func tasksAreChangedWhileNoProgramRuns() async throws {
            _ = try flow("signal", log, "waiting", "answer", "7", "--id", "mail-1")
            _ = try flow("signal", log, "waiting", "answer", "8", "--id", "mail-1")
            _ = try flow("pause", log, "waiting")
            #expect(try flow("pause", log, "waiting", status: 64).contains("is paused already"))
            #expect(try flow("list", log).contains("paused"))
            _ = try flow("resume", log, "waiting")
            #expect(try flow("resume", log, "waiting", status: 64).contains("isn't paused"))
            #expect(try flow("accept", log, "waiting", status: 64).contains("isn't parked"))
            for verb in [["pause"], ["signal", "answer", "7"]] {
                let failed = try ToolRun(["flow", verb[0], log, "failed"] + verb.dropFirst())
                #expect(failed.status == 64 && failed.errors.contains("has failed at b. Retry it first."))
            }
            _ = try flow("retry", log, "failed", "--from", "a")
            #expect(try flow("retry", log, "failed", "--from", "zzz", status: 64).contains("no step zzz"))
            let (storage, runner) = try await open()
            let locked = try flow("cancel", log, "waiting", status: 74)
            #expect(locked.contains("Close it there. The program") && locked.contains("FlowRunner"))
            try await eventually { try await storage.task(id: "waiting")?.status == .completed }
            let end = try await storage.activities(taskID: "waiting", limit: 100, offset: 0).last {
                $0.action == "task_completed"
            }
            #expect(end?.data == "207")
            try await eventually { try await storage.task(id: "failed")?.status == .failed }
            await runner.close()
            try await storage.close()
            _ = try flow("retry", log, "failed")
            _ = try flow("cancel", log, "failed", "--reason", "not needed")
            #expect(try flow("history", log, "failed").contains("end\t\tcancelled : not needed"))
            #expect(try flow("resume", log, "failed", status: 64).contains("has ended"))
            // A retry takes back a failure, and no other end.
            #expect(try flow("retry", log, "failed", "--from", "a", status: 64).contains("it is cancelled"))
        }

        @Test func aSignalThatNoNodeTakesIsRefused() throws {
            let unknown = try flow("signal", log, "waiting", "anwser", "7", status: 64)
            #expect(unknown.contains("The DAG orders has no node anwser. These wait for one: answer."))
            #expect(
                try flow("signal", log, "waiting", "a", "7", status: 64).contains("a of the DAG orders takes no value"))
            #expect(try flow("signal", log, "waiting", "answer", "yes", status: 64).contains("isn't JSON at byte 0"))
            _ = try flow("signal", log, "waiting", "answer", "yes", "--raw")
            #expect(try flow("history", log, "waiting").contains("signal\tanswer\t"))
        }

        @Test func parkedTasksAreListedWithTheReasonAndTheRemedy() async throws {
            func run(_ dags: [any FlowDAG]) async throws {
                let storage = try await BufferedTaskStorage.memory(log: log)
                await (try await FlowRunner(storage: storage, dags: dags)).close()
                try await storage.close()
            }
            try await run([])
            let unknown = "parked: the runner has no DAG with the key orders; change the program, or cancel the task"
            #expect(try flow("list", log).contains(unknown))
            #expect(try flow("accept", log, "waiting", status: 64).contains("needs another program"))
            try await run([Self.dag("c")])
            let changed = "parked: graph changed: the step b has a result that answer needs"
            for verb in ["list", "stuck"] {
                let tasks = try flow(verb, log, status: verb == "stuck" ? 1 : 0)
                #expect(tasks.contains(changed) && tasks.contains("; accept it, retry it from a step, or cancel it"))
            }
            #expect(try flow("show", log, "waiting").hasPrefix("waiting: " + changed))
            _ = try flow("accept", log, "waiting")
            #expect(try flow("list", log).contains(changed) == false)
            #expect(try flow("accept", log, "waiting", status: 64).contains("isn't parked"))
            let storage = try await BufferedTaskStorage.memory(log: log)
            let runner = try await FlowRunner(storage: storage, dags: [Self.dag("c")])
            try await eventually {
                try await storage.task(id: "waiting")?.processingState?.hasPrefix("waiting for answer") == true
            }
            await runner.close()
            try await storage.close()
            #expect(try flow("list", log).contains("waiting for answer until"))
            #expect(try flow("show", log, "waiting").contains("b\tnot in the graph\tattempt 1"))
        }

        /// Runs `body` with a runner that has this DAG, and ends it.
        private func run(
            _ dag: DAG<Int, Int>, on log: String, _ body: (FlowRunner) async throws -> Void = { _ in }
        ) async throws {
            let storage = try await BufferedTaskStorage.memory(log: log)
            let runner = try await FlowRunner(storage: storage, dags: [dag])
            try await body(runner)
            await runner.close()
            try await storage.close()
        }

        /// Under another name, the step would charge the customer again.
        @Test func aRenamedStepThatMustNotRunTwiceIsAcceptedByName() async throws {
            let log = scratch.path("once")
            func dag(_ name: String) -> DAG<Int, Int> {
                DAG(name: "Pay", key: "pay", of: Int.self) { dag, input in
                    let step = dag.addNode(name, after: input, options: NodeOptions(execution: .atMostOnce)) {
                        _, value in
                        value
                    }
                    return dag.addWait("answer", after: step, for: Int.self)
                }
            }
            try await run(dag("charge"), on: log) { runner in
                let task = try await runner.process(1, by: dag("charge"), id: "t")
                try await eventually { task.state.reason == "waiting for answer" }
            }
            try await run(dag("pay"), on: log)
            #expect(try flow("accept", log, "t", status: 64).contains("must not run twice"))
            #expect(try flow("retry", log, "t", "--from", "answer", status: 64).contains("doesn't have: charge."))
            _ = try flow("accept", log, "t", "--drop", "charge")
            #expect(try flow("history", log, "t").contains("\taccept\t"))
        }

        /// A failed task is never parked, so `accept` takes it as it is.
        @Test func aFailedTaskIsAcceptedWithItsNewGraph() async throws {
            let log = scratch.path("failed")
            func dag(_ name: String) -> DAG<Int, Int> {
                DAG(name: "Pay", key: "pay", of: Int.self) { dag, input in
                    dag.addNode(name, after: input, options: NodeOptions(execution: .atMostOnce)) { _, value in
                        if name == "charge" { throw PermanentError("away") }
                        return value
                    }
                }
            }
            try await run(dag("charge"), on: log) { runner in
                let task = try await runner.process(1, by: dag("charge"), id: "t")
                await #expect(throws: FlowError.self) { try await task.result() }
            }
            #expect(try flow("accept", log, "t", status: 64).contains("has failed at charge. Retry it first."))
            try await run(dag("pay"), on: log)
            #expect(try flow("accept", log, "t", status: 64).contains("doesn't have: charge."))
            _ = try flow("accept", log, "t", "--drop", "charge")
            #expect(try flow("list", log).contains("ready or running: pay"))
            try await run(dag("pay"), on: log) { runner in
                try await eventually { runner.liveTasks.isEmpty }
            }
            #expect(try flow("history", log, "t").contains("end\t\tcompleted"))
        }

        /// The tool writes only the end. Without a callback, no other record would follow it, and a task that begins
        /// with the same id would be over at the next start.
        @Test func aTaskThatIsCanceledWithoutTheProgramIsForgotten() async throws {
            let log = scratch.path("canceled")
            let dag = DAG(name: "Wait", key: "wait", of: Int.self) { dag, input in
                dag.addWait("answer", after: input, for: Int.self)
            }
            func begin() async throws {
                try await run(dag, on: log) { runner in
                    let task = try await runner.process(1, by: dag, id: "t")
                    try await eventually { task.state.reason == "waiting for answer" }
                }
            }
            try await begin()
            _ = try flow("cancel", log, "t")
            try await run(dag, on: log)
            #expect(try flow("list", log) == "No live tasks.\n")
            // As long as the store has the row, the id means the task that was canceled.
            let storage = try await BufferedTaskStorage.memory(log: log)
            try await storage.deleteTask(id: "t")
            try await storage.close()
            try await begin()
            try await run(dag, on: log) { runner in #expect(runner.liveTasks == ["t"]) }
        }

        @Test func aTaskThatFailedAfterTooManyRestartsIsRetried() async throws {
            let log = scratch.path("restarts")
            let runs = Monitor(0)
            let dag = DAG(name: "Bad", key: "bad", of: Int.self) { dag, input in
                dag.addNode("bad", after: input) { _, value in
                    runs.withLock { $0 += 1 }
                    try await Task.sleep(for: .seconds(600))
                    return value
                }
            }
            for life in 0..<3 {
                let storage = try await BufferedTaskStorage.memory(log: log)
                let runner = try await FlowRunner(
                    storage: storage, dags: [dag],
                    configuration: FlowConfiguration(maxResumptions: 1, closeTimeout: .milliseconds(20)))
                if life == 0 { _ = try await runner.process(1, by: dag, id: "w-1") }
                // A restart counts once the step begins.
                if life < 2 {
                    try await eventually { runs.withLock { $0 } > life }
                } else {
                    try await eventually { try await storage.task(id: "w-1")?.status == .failed }
                }
                await runner.close()
                try await storage.close()
            }
            #expect(try flow("list", log).contains("failed at bad: resumed: 1 restarts"))
            #expect(try flow("list", log).contains("retry it (`wal flow retry`"))
            _ = try flow("retry", log, "w-1")
            #expect(try flow("list", log).contains("ready or running: bad"))
        }

        @Test func theRowsOfAStoreArePrinted() async throws {
            let (path, log) = (scratch.path("tasks.db"), scratch.path("other"))
            let storage = try await BufferedTaskStorage.sqlite(path, log: log)
            let runner = try await FlowRunner(storage: storage, dags: [Self.dag()])
            let task = try await runner.process(1, by: Self.dag(), id: "one")
            try await runner.submit(2, to: "answer", of: "one")
            _ = try await task.result()
            await runner.close()
            try await storage.close()
            func tasks(_ arguments: String..., status: Int32 = 0) throws -> String {
                let run = try ToolRun(["tasks", "sqlite:\(path)"] + arguments)
                #expect(run.status == status, "\(arguments): \(run.output)\(run.errors)")
                return run.output + run.errors
            }
            #expect(try tasks("--status", "completed").hasPrefix("one\torders\tcompleted\t"))
            #expect(try tasks("--dag", "orders", "--status", "failed") == "")
            #expect(try tasks("--task", "one", "--json").contains(#""type":"task_update""#))
            let activities = try tasks("--task", "one", "--activities")
            #expect(activities.contains("task_created") && activities.contains("sum\tnode_completed"))
            // Each condition counts: a task in another status isn't printed.
            #expect(try tasks("--task", "one", "--dag", "orders", "--status", "completed").hasPrefix("one\t"))
            #expect(try tasks("--task", "one", "--status", "failed") == "")
            #expect(try tasks("--task", "one", "--dag", "refunds") == "")
            for more in [["--dag", "orders"], ["--status", "failed"]] {
                let run = try ToolRun(["tasks", "sqlite:\(path)", "--task", "one", "--activities"] + more)
                #expect(run.status == 64 && run.errors.contains("give --task or --dag alone"), "\(run.errors)")
            }
            #expect(try tasks(status: 64).contains("Give --task, --dag or --status."))
            #expect(try ToolRun(["tasks", "sqlite:\(path)-none", "--status", "failed"]).status == 74)
        }
    }
#endif
