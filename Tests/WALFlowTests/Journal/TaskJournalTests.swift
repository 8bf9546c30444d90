import Testing
import WAL
import WALTesting

@testable import WALFlow

/// The meaning of single records, in the numbering of FORMAT.md.
@Suite struct TaskJournalTests {
    private static let time = Timestamp(rawValue: 1_700_000_000_000_000)
    private var journal = TaskJournal(id: "t")

    init() {
        journal.apply(
            .begin(
                FlowRecord.Beginning(
                    dag: "d", graph: 7, priority: 0, maxRetries: 3, createdAt: Self.time, input: [1])))
    }

    private static func result(_ path: String, _ attempt: UInt32 = 1, label: String? = nil) -> FlowRecord.Event {
        .result(path: path, attempt: attempt, time: time, label: label, bytes: Array("\(attempt)".utf8))
    }

    private static func failure(_ path: String, _ attempt: UInt32, isFinal: Bool = false) -> FlowRecord.Event {
        .failure(path: path, attempt: attempt, time: time, error: "away", retryAt: isFinal ? nil : time)
    }

    @Test mutating func afterTheEndNothingCounts() {
        journal.apply(.end(FlowRecord.Ending(status: .cancelled, time: Self.time)))
        let ended = journal
        journal.apply(Self.result("a"))
        journal.apply(Self.failure("a", 1))
        journal.apply(.signal(path: "w", id: "1", payload: []))
        journal.apply(.wait(path: "w", signal: "w", due: nil))
        journal.apply(.end(FlowRecord.Ending(status: .completed, time: Self.time)))
        #expect(journal == ended)
    }

    /// The task ended after a checkpoint had begun, and before its copy of the task. A retry must not run finished steps again.
    @Test func theResultsOfACopyAfterTheEndCount() throws {
        let ended = FlowRecord.Ending(status: .failed, time: Self.time, error: "no", path: "b")
        var copied = journal
        copied.apply(Self.result("a"))
        copied.apply(Self.failure("b", 1, isFinal: true))
        copied.apply(.end(ended))
        var table = JournalTable()
        for event in [.end(ended)] + copied.records { table.apply(FlowRecord("t", event)) }
        #expect(table.tasks["t"] == copied)
    }

    /// A person changed the task after a checkpoint had begun, and before its copy of the task. The cursor is between
    /// the two pairs.
    @Test func theCopyOfACheckpointHasTheOrderOfSignalsAndControls() throws {
        let pause = FlowRecord.Control(number: 1, action: .pause, time: Self.time)
        let accept = FlowRecord.Control(number: 2, action: .accept, time: Self.time, graph: 9)
        let early: [FlowRecord.Event] = [.signal(path: "w", id: "first", payload: [1]), .control(pause)]
        let late: [FlowRecord.Event] = [.signal(path: "w", id: "second", payload: [2]), .control(accept)]
        var copied = journal
        for event in early + late { copied.apply(event) }
        var table = JournalTable()
        for event in late + copied.records { table.apply(FlowRecord("t", event)) }
        let task = try #require(table.tasks["t"])
        #expect(task.isPaused && task.graph == 9 && task.signals.map(\.id) == ["first", "second"])
        #expect(task == copied)
    }

    /// After a start with a changed graph, an interrupted attempt logs its activities again, with the same ids.
    @Test mutating func theGraphOfAStartForgetsNoAttempts() throws {
        func start(with graph: UInt64) -> FlowRecord.Event {
            journal.control(.accept, graph: graph, reason: FlowRecord.Control.reasonOfStart, at: Self.time)
        }
        journal.apply(start(with: 7))
        #expect(journal.graph == 7 && journal.lastRestart == 0)
        journal.apply(journal.control(.accept, graph: 8, at: Self.time))
        journal.apply(start(with: 9))
        var copied = TaskJournal(id: "t")
        for event in journal.records { copied.apply(event) }
        for journal in [journal, copied] {
            #expect(journal.graph == 9 && journal.lastRestart == 2 && journal.nextControl == 4)
        }
    }

    /// Otherwise the new task would take the old one's result after a restart, in place of its own.
    @Test func aTaskWithTheIDOfAnOrphanBeginsWithoutItsResults() {
        var table = JournalTable()
        for event in [Self.result("a", 2)] + journal.records { table.apply(FlowRecord("t", event)) }
        #expect(table.tasks["t"] == journal && table.orphans.isEmpty)
    }

    /// The runner forgets a task while it writes a checkpoint, which leaves the task out. `wal flow stuck` must not
    /// list the rest of its records.
    @Test func aTaskThatACheckpointLeftOutIsNoOrphan() {
        let delivered = FlowRecord.Event.delivered(time: Self.time)
        let end = FlowRecord.Event.end(FlowRecord.Ending(status: .failed, time: Self.time, error: "no", path: "a"))
        for rest in [[delivered], [end, delivered], [Self.failure("a", 1, isFinal: true), end, delivered]] {
            var table = JournalTable()
            for event in rest { table.apply(FlowRecord("t", event)) }
            #expect(table.tasks.isEmpty, "\(rest)")
        }
    }

    @Test mutating func theFirstResultCounts() {
        journal.apply(Self.failure("a", 1))
        journal.apply(Self.result("a", 2))
        let done = journal
        journal.apply(Self.result("a", 3))
        journal.apply(Self.failure("a", 3, isFinal: true))
        #expect(journal == done && done.retryCount == 1 && done.steps["a"]?.result == Array("2".utf8))
    }

    @Test mutating func aFinalFailureRefusesResults() {
        journal.apply(Self.failure("a", 1, isFinal: true))
        journal.apply(Self.result("a", 2))
        #expect(journal.steps["a"]?.result == nil && journal.steps["a"]?.hasFailed == true)
    }

    @Test mutating func aRetryForgetsItsPathsAndWhatIsBelow() {
        let kept = ["ab", "each[11]/a", "each[2]/b", "x/ab"]
        for path in kept + ["a", "each[1]/a", "each[1]/in[2]/b", "each[2]/a", "x/a", "x/a[3]/b"] {
            journal.apply(Self.result(path))
        }
        journal.apply(
            .control(
                FlowRecord.Control(
                    number: 1, action: .retry, time: Self.time, paths: ["a", "each[1]", "each[2]/a", "x/a", "gone"])))
        #expect(journal.steps.keys.sorted() == kept)
    }

    @Test mutating func aRetryNamesEachPathOnce() throws {
        let dag = DAG(name: "D", key: "d", of: [Int].self) { dag, input in
            let each = dag.addIterator("each", over: input, { $0 }) { body, element in
                body.addNode("step", after: element) { _, number in number }
            }
            return dag.addNode("last", after: each) { _, numbers in numbers.count }
        }
        for path in ["each[0]/step", "each[1]/step"] { journal.apply(Self.failure(path, 1, isFinal: true)) }
        let paths = try dag.frozen().shape.paths(toRetry: nil, of: journal)
        #expect(paths == ["each[0]/step", "last", "each[1]/step"])
    }

    /// A graph of before doesn't say after which failures a task continues.
    @Test mutating func aRetryRunsNoStepAgainThatMustNotRunTwice() throws {
        let dag = DAG(name: "D", key: "d", of: Int.self) { dag, input in
            let extra = dag.addOptionalNode("extra", after: input) { _, value in value }
            let each = dag.addIterator("each", over: extra, { [$0 ?? 0] }) { body, element in
                let options = NodeOptions(execution: .atMostOnce)
                let pay = body.addNode("pay", after: element, options: options) { _, number in number }
                return body.addNode("end", after: pay) { _, number in number }
            }
            return dag.addNode("ship", after: each) { _, numbers in numbers.count }
        }
        journal.apply(Self.failure("extra", 1, isFinal: true))
        // The journal of an element that has ended has only its output.
        journal.apply(Self.result("each[0]/end"))
        journal.apply(Self.failure("ship", 1, isFinal: true))
        let task = journal
        var shape = try dag.frozen().shape
        #expect(try shape.paths(toRetry: nil, of: task) == ["ship"])
        for index in shape.nodes.indices { shape.nodes[index].optional = nil }
        let before = try GraphShape(json: shape.json())
        #expect {
            try before.paths(toRetry: nil, of: task)
        } throws: { error in
            (error as? FlowError)?.code == .wrongState && "\(error)".contains("must not run twice: each[0]/pay.")
        }
        #expect(try before.paths(toRetry: nil, of: task, dropping: ["each"]) == ["extra", "each", "ship"])
        #expect(try before.paths(toRetry: "extra", of: task) == ["extra", "each", "ship"])
    }

    @Test mutating func aSignalCountsOnceByItsID() {
        for _ in 0..<2 { journal.apply(.signal(path: "w", id: "mail", payload: [1])) }
        #expect(journal.signals.count == 1)
        journal.apply(.wait(path: "w", signal: "w", due: nil))
        journal.apply(Self.result("w", label: "mail"))
        journal.apply(.signal(path: "w", id: "mail", payload: [2]))
        #expect(journal.signals.isEmpty)
        // A checkpoint keeps the id, too.
        var other = TaskJournal(id: "t")
        for event in journal.records { other.apply(event) }
        other.apply(.signal(path: "w", id: "mail", payload: [3]))
        #expect(other.signals.isEmpty)
    }

    /// A later retry would take the old value again.
    @Test mutating func aSignalThatIsTakenBeforeItsWaitIsWrittenIsUsedUp() {
        journal.apply(.signal(path: "w", id: "mail", payload: [1]))
        journal.apply(.signal(path: "v", id: "other", payload: [1]))
        // The label of a branch isn't the id of a signal.
        journal.apply(Self.result("branch", label: "other"))
        journal.apply(Self.result("w", label: "mail"))
        journal.apply(.wait(path: "w", signal: "w", due: nil))
        #expect(journal.signals.map(\.id) == ["other"])
        var other = TaskJournal(id: "t")
        for event in journal.records { other.apply(event) }
        for id in ["mail", "other", "new"] { other.apply(.signal(path: "w", id: id, payload: [2])) }
        #expect(other.signals.map(\.id) == ["other", "new"])
    }

    /// A sender that repeats a signal would answer the wait of a retry.
    @Test mutating func aCheckpointKeepsTheIDsOfUsedSignals() {
        for (path, id) in [("w", "mail"), ("each[0]/w", "call"), ("kept", "letter")] {
            journal.apply(.signal(path: path, id: id, payload: [1]))
            journal.apply(.wait(path: path, signal: path, due: nil))
            journal.apply(Self.result(path, label: id))
        }
        journal.apply(.signal(path: "later", id: "note", payload: [1]))
        journal.forget("each[0]/w")
        journal.apply(.control(FlowRecord.Control(number: 1, action: .retry, time: Self.time, paths: ["w"])))
        journal.apply(.wait(path: "w", signal: "w", due: nil))
        // Also the checkpoint after a restart.
        for _ in 0..<2 {
            let before = journal
            journal = TaskJournal(id: "t")
            for event in before.records { journal.apply(event) }
            #expect(journal.records == before.records)
            for id in ["mail", "call", "letter", "note"] { journal.apply(.signal(path: "w", id: id, payload: [2])) }
            #expect(journal.signals == before.signals && journal.signals.map(\.id) == ["note"])
        }
        // Only the ids that no other record has.
        #expect(journal.records.count { if case .signal("", _, _) = $0 { true } else { false } } == 2)
    }

    /// A checkpoint writes the signals of all paths in the order in which they came.
    @Test mutating func theSignalsOfManyPathsKeepTheirOrder() {
        var generator = SeededGenerator(seed: 1)
        var signals: [TaskJournal.Signal] = []
        var takenCount = 0
        for number in 0..<600 {
            let path = "each[\(Int.random(in: 0..<40, using: &generator))]/w"
            let waiting = signals.filter { $0.path == path }
            #expect(journal.firstSignal(at: path) == waiting.first)
            if Bool.random(using: &generator), let signal = waiting.randomElement(using: &generator) {
                journal.forget(path)
                journal.apply(Self.result(path, label: signal.id))
                signals.removeAll { $0.id == signal.id }
                takenCount += 1
            } else {
                journal.apply(.signal(path: path, id: "\(number)", payload: [1]))
                signals.append(TaskJournal.Signal(path: path, id: "\(number)", payload: [1]))
            }
            #expect(journal.signals == signals)
            guard number % 100 == 99 else { continue }
            let before = journal
            journal = TaskJournal(id: "t")
            for event in before.records { journal.apply(event) }
            #expect(journal.records == before.records)
            #expect(journal == before && journal.hashValue == before.hashValue)
        }
        #expect(takenCount > 100 && signals.count > 20)
    }

    /// The tool reads logs that anyone may have written.
    @Test mutating func theLargestNumbersOverflowNothing() {
        let largest = UInt32.max
        for path in ["a", "b", "c"] { journal.apply(Self.failure(path, largest)) }
        #expect(journal.retryCount == .max && journal.nextAttempt(of: "a") == largest)
        journal.apply(.started(path: "d", attempt: largest))
        journal.apply(Self.failure("d", largest, isFinal: true))
        for path in ["a", "e"] { journal.apply(Self.result(path, largest)) }
        for path in ["b", "c"] { journal.apply(Self.result(path, 0)) }
        journal.apply(.resumed(count: largest))
        for action in [FlowRecord.Control.Action.pause, .resume, .accept, .retry] {
            let control = FlowRecord.Control(number: largest, action: action, time: Self.time, paths: ["a"])
            journal.apply(.control(control))
        }
        #expect(journal.isPaused && journal.nextControl == largest && journal.steps["a"]?.result != nil)
        #expect(
            journal.control(.accept, after: 1, at: Self.time)
                == .control(
                    FlowRecord.Control(number: largest, action: .accept, time: Self.time)))
        var other = TaskJournal(id: "t")
        for event in journal.records { other.apply(event) }
        #expect(other.steps == journal.steps && other.nextControl == largest)
    }

    @Test mutating func aRetryVoidsPathsAndWhatIsBelow() {
        for path in ["a", "b/x", "b/y", "each[0]/e", "each[1]/e", "eachother"] { journal.apply(Self.result(path)) }
        journal.apply(.end(FlowRecord.Ending(status: .failed, time: Self.time, error: "no", path: "b/y")))
        journal.apply(.delivered(time: Self.time))
        let retry = FlowRecord.Control(number: 1, action: .retry, time: Self.time, paths: ["b", "each"])
        journal.apply(.control(retry))
        #expect(Set(journal.steps.keys) == ["a", "eachother"])
        #expect(journal.end == nil && !journal.isDelivered)
        journal.apply(Self.result("b/x"))
        // A repeated control record is an old one.
        journal.apply(.control(retry))
        #expect(journal.steps["b/x"] != nil && journal.nextControl == 2)
    }

    /// The keys of steps are those of payments.
    @Test func noTwoStepsHaveOneKey() {
        func key(_ task: String, _ path: String) -> String { "\(StepPath.keyPart(of: task))/\(path)" }
        #expect(key("o-1", "lines[2]/pick") == "o-1/lines[2]/pick" && key("50%", "pay") == "50%/pay")
        #expect(key("shop/7%", "charge") == "/shop%2F7%25/charge")
        let tasks = ["a", "a/b", "a/b/", "/a", "a%2Fb", "/a%2Fb", "a%", "a/%", "%", "a/b%2F"]
        let keys = tasks.flatMap { task in ["b", "b/c", "c"].map { key(task, $0) } }
        #expect(Set(keys).count == keys.count)
    }

    @Test mutating func restartsAreCountedSinceTheLastEndOfAStep() {
        journal.apply(.resumed(count: 3))
        journal.apply(.resumed(count: 2))
        #expect(journal.resumedCount == 3)
        journal.apply(Self.failure("a", 1))
        #expect(journal.resumedCount == 0)
    }

    @Test mutating func aStartedAttemptFailsOnce() {
        journal.apply(.started(path: "a", attempt: 1))
        #expect(journal.steps["a"]?.hasStarted == true && journal.nextAttempt(of: "a") == 2)
        journal.apply(Self.failure("a", 1, isFinal: true))
        #expect(journal.retryCount == 1 && journal.steps["a"]?.hasFailed == true)
    }
}
