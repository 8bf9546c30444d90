import Foundation
import Testing
import WAL

@testable import WALFlow

@Suite struct VectorPictureTests {
    private struct Rectangle {
        var left, top, right, bottom: Double
    }

    private static func number(_ name: String, _ line: Substring) -> Double? {
        line.range(of: " \(name)=\"").flatMap { Double(line[$0.upperBound...].prefix { $0 != "\"" }) }
    }

    private static func rectangles(_ svg: String) -> [Rectangle] {
        svg.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("<rect"), let x = number("x", line), let y = number("y", line),
                let width = number("width", line), let height = number("height", line)
            else { return nil }
            return Rectangle(left: x, top: y, right: x + width, bottom: y + height)
        }
    }

    /// The straight parts of edges, each within a layer.
    private static func passages(_ svg: String) -> [Rectangle] {
        svg.split(separator: "\n").filter { $0.contains(" H") }.flatMap { line -> [Rectangle] in
            let words = line.split(whereSeparator: { " ,\"".contains($0) }).map(String.init)
            return words.indices.compactMap { index in
                guard words[index].hasPrefix("H"), let right = Double(words[index].dropFirst()),
                    let left = Double(words[index - 2].drop { $0 == "M" }), let y = Double(words[index - 1])
                else { return nil }
                return Rectangle(left: left, top: y, right: right, bottom: y)
            }
        }
    }

    @Test func noEdgeCrossesABox() throws {
        var count = 0
        for seed in 0..<UInt64(60) {
            let shape = try RandomGraph.dag(seed: seed).frozen().shape
            let svg = VectorPicture(view: TaskView(nil)).svg(of: shape)
            let boxes = Self.rectangles(svg)
            for passage in Self.passages(svg) {
                count += 1
                let crossed = boxes.filter {
                    $0.left >= passage.left - 0.2 && $0.right <= passage.right + 0.2 && $0.top <= passage.top
                        && $0.bottom >= passage.top
                }
                #expect(crossed.isEmpty, "seed \(seed)")
            }
        }
        #expect(count > 100)
    }

    private static let journal: TaskJournal = {
        var journal = TaskJournal(id: "t")
        for (path, label) in [("check", nil), ("risk", "review"), ("lines[0]/pick", nil)] as [(String, String?)] {
            journal.apply(.result(path: path, attempt: 1, time: Walker.time, label: label, bytes: [49]))
        }
        journal.apply(.wait(path: "approve", signal: "approve", due: nil))
        journal.apply(.failure(path: "lines[1]/pick", attempt: 2, time: Walker.time, error: "no", retryAt: Walker.time))
        return journal
    }()

    private static func shape() throws -> GraphShape {
        try DAG(name: "Order", key: "order", of: [Int].self) { dag, input in
            let check = dag.addNode("check", after: input) { _, values in values }
            let risk = dag.addBranch("risk", after: check) { _, _ in "review" }
            let approve = dag.addWait("approve", after: risk["review"], for: [Int].self)
            let pass = dag.addNode("auto", after: risk["pass"]) { _, values in values }
            let lines = dag.addIterator("lines", over: check, { $0 }) { body, line in
                body.addNode("pick", after: line) { _, line in line }
            }
            return dag.addNode("ship", after: dag.merge(approve, pass), lines) { _, _, lines in lines }
        }.frozen().shape
    }

    /// A reader of a picture takes the characters of its format for those without the mark after them.
    @Test(arguments: ["&", "<", "\"", "\r\n"])
    func aMarkAfterACharacterOfTheFormat(_ character: String) throws {
        let id = "pick\(character)\u{301}up"
        let shape = try DAG(name: id, key: "order", of: Int.self) { dag, input in
            dag.addNode(id, after: input) { _, value in value }
        }.frozen().shape
        for form in GraphPicture.allCases {
            let picture = Array(shape.picture(of: TaskView(nil), as: form).unicodeScalars)
            let before = zip(picture, picture.dropFirst()).filter { $0.1 == "\u{301}" }.map { $0.0 }
            let forbidden: [Unicode.Scalar] = form == .svg ? ["&", "<"] : ["\"", "\n"]
            #expect(!before.isEmpty && Set(before).isDisjoint(with: forbidden), "\(form)")
        }
    }

    /// Graphviz reads a backslash as the start of an escape. One at the end of a label escaped the closing quotation mark.
    @Test func aBackslashAtTheEndOfAName() throws {
        let shape = try DAG(name: "a\\", key: "order", of: Int.self) { dag, input in
            dag.addNode("b\\", after: input) { _, value in value }
        }.frozen().shape
        let picture = shape.picture(of: TaskView(nil), as: .dot)
        #expect(picture.contains(#"digraph "a\\" {"#) && picture.contains(#"b\\", fill"#), "\(picture)")
        #expect(shape.picture(of: TaskView(nil), as: .mermaid).contains(#"b\"]"#))
    }

    /// A wait that was reached differs from a node that wasn't.
    @Test func thePictureAsText() throws {
        let picture = try Self.shape().picture(of: TaskView(Self.journal), as: .mermaid)
        #expect(
            picture.split(separator: "\n").filter { !$0.contains("classDef") }.joined(separator: "\n") == """
                flowchart LR
                  n_0["✓ input"]:::done
                  n_1["✓ check"]:::done
                  n_2{"✓ risk"}:::done
                  n_3["✓ review?"]:::done
                  n_4(["… approve (waits)"]):::waiting
                  n_5["– pass?"]:::skipped
                  n_6["– auto"]:::skipped
                  n_7["▶ lines (each, 1 done)"]:::running
                  subgraph n_7_in ["▶ lines (each, 1 done)"]
                    n_7_0["✓ input"]:::done
                    n_7_1["✓ pick"]:::done
                    n_7_0 --> n_7_1
                  end
                  n_8["· either"]:::pending
                  n_9["· ship"]:::pending
                  n_0 --> n_1
                  n_1 --> n_2
                  n_1 --> n_3
                  n_2 --> n_3
                  n_3 --> n_4
                  n_1 --> n_5
                  n_2 --> n_5
                  n_5 --> n_6
                  n_1 --> n_7
                  n_4 --> n_8
                  n_6 --> n_8
                  n_7 --> n_9
                  n_8 --> n_9
                """)
    }

    @Test func eachStepHasALineWithItsState() throws {
        func lines(_ view: TaskView, _ shape: GraphShape?) -> [String] {
            view.lines(of: shape).map { "\($0.path) \($0.state?.rawValue ?? "-") \($0.step?.attempt ?? 0)" }
        }
        let view = TaskView(Self.journal)
        #expect(
            lines(view, try Self.shape()) == [
                "check done 1", "risk done 1", "approve waiting 0", "auto skipped 0", "lines running 0",
                "lines[0]/pick done 1", "lines[1]/pick retrying 2", "ship pending 0",
            ])
        // Of a step that the graph doesn't have, and without a graph.
        let other = try DAG(name: "Other", key: "order", of: Int.self) { dag, input in
            dag.addNode("risk", after: input) { _, value in value }
        }.frozen().shape
        #expect(lines(view, other).prefix(2) == ["risk done 1", "approve - 0"])
        #expect(
            lines(view, nil) == [
                "approve waiting 0", "check done 1", "lines[0]/pick done 1", "lines[1]/pick retrying 2", "risk done 1",
            ])
    }

    /// People would look for a reason why the task doesn't continue.
    @Test func theNodesAfterAFailureThatIsPassedOverAreReady() throws {
        func inner(_ isLast: Bool) -> DAG<Int, Int?> {
            DAG(name: "Inner", key: "inner", of: Int.self) { dag, input in
                let extra = dag.addOptionalNode("extra", after: input) { _, value in value }
                return isLast ? extra : dag.addNode("pick", after: extra) { _, value in value }
            }
        }
        let dag = DAG(name: "Order", key: "order", of: Int.self) { dag, input in
            let extra = dag.addOptionalNode("extra", after: input) { _, value in value }
            let charge = dag.addNode("charge", after: extra) { _, value in value }
            let some = dag.addDAG("some", inner(false), after: input)
            let last = dag.addDAG("last", inner(true), after: input)
            return dag.addNode("ship", after: charge, some, last) { _, x, y, z in [x, y, z] }
        }
        let shape = try dag.frozen().shape
        var journal = TaskJournal(id: "t")
        for path in ["extra", "some/extra", "last/extra"] {
            journal.apply(.failure(path: path, attempt: 1, time: Walker.time, error: "no", retryAt: nil))
        }
        func states() -> [TaskView.State?] {
            let states = TaskView(journal).states(of: shape)
            return ["extra", "charge", "some", "last", "ship"].map { states[$0] }
        }
        #expect(states() == [.failed, .ready, .running, .done, .pending])
        for path in ["some/pick", "charge"] {
            journal.apply(.result(path: path, attempt: 1, time: Walker.time, label: nil, bytes: [49]))
        }
        #expect(states() == [.failed, .done, .done, .done, .ready])
    }

    /// People would look for a reason why such a step doesn't begin.
    @Test func theStepsOfASubDAGThatIsNotReachedAreNotReady() throws {
        let inner = DAG(name: "Inner", key: "inner", of: Int.self) { dag, input in
            dag.addNode("pack", after: input) { _, value in value }
        }
        let dag = DAG(name: "Order", key: "order", of: Int.self) { dag, input in
            let way = dag.addBranch("way", after: input) { _, _ in "yes" }
            let yes = dag.addDAG("ship", inner, after: way["yes"])
            let no = dag.addDAG("refund", inner, after: way["no"])
            return dag.merge(yes, no)
        }
        let shape = try dag.frozen().shape
        var journal = TaskJournal(id: "t")
        func lines() -> [String] {
            TaskView(journal).lines(of: shape).map { "\($0.path) \($0.state?.rawValue ?? "-")" }
        }
        #expect(lines() == ["way ready", "ship pending", "ship/pack pending", "refund pending", "refund/pack pending"])
        journal.apply(.result(path: "way", attempt: 1, time: Walker.time, label: "yes", bytes: [49]))
        #expect(lines() == ["way done", "ship ready", "ship/pack ready", "refund skipped", "refund/pack skipped"])
        for form in GraphPicture.allCases {
            #expect(shape.picture(of: TaskView(journal), as: form).contains("– pack"))
        }
    }

    @Test func theReasonNamesTheWaitInASubDAG() throws {
        let inner = DAG(name: "Inner", key: "inner", of: Int.self) { dag, input in
            let pack = dag.addNode("pack", after: input) { _, value in value }
            return dag.addWait("approve", after: pack, for: Int.self)
        }
        let shape = try DAG(name: "Order", key: "order", of: Int.self) { dag, input in
            dag.addDAG("ship", inner, after: input)
        }.frozen().shape
        var journal = TaskJournal(id: "t")
        journal.apply(
            .begin(
                FlowRecord.Beginning(
                    dag: "order", graph: 1, priority: 0, maxRetries: 0, createdAt: Walker.time, input: [])))
        func reason() -> String { TaskView.reason(journal, shape, now: Walker.time) }
        #expect(reason() == "ready or running: ship")
        journal.apply(.result(path: "ship/pack", attempt: 1, time: Walker.time, label: nil, bytes: [49]))
        #expect(reason() == "ready or running: ship/approve")
        journal.apply(.wait(path: "ship/approve", signal: "ship/approve", due: nil))
        #expect(reason() == "waiting for ship/approve")
    }

    /// The task would need a person until its end.
    @Test func noTaskWaitsForAWaitThatHasFailedOrThatTheGraphHasLost() throws {
        let dag = DAG(name: "Each", key: "each", of: [Int].self) { dag, input in
            let each = dag.addCollectingIterator("each", over: input, { $0 }) { body, value in
                body.addWait("approve", after: value, for: Int.self, timeout: .seconds(60))
            }
            return dag.addWait("answer", after: each, for: Int.self)
        }
        let shape = try dag.frozen().shape
        var journal = TaskJournal(id: "t")
        journal.apply(
            .begin(
                FlowRecord.Beginning(
                    dag: "each", graph: 1, priority: 0, maxRetries: 0, createdAt: Walker.time, input: [])))
        for path in ["each[0]/approve", "former"] {
            journal.apply(.wait(path: path, signal: path, due: Walker.time))
        }
        let now = Walker.time + .seconds(3600)
        #expect(TaskView.isOverdue(journal, shape, now: now))
        journal.apply(
            .failure(path: "each[0]/approve", attempt: 1, time: Walker.time, error: "timedOut", retryAt: nil))
        journal.apply(.wait(path: "answer", signal: "answer", due: nil))
        #expect(!TaskView.isOverdue(journal, shape, now: now))
        #expect(TaskView.reason(journal, shape, now: now) == "waiting for answer")
    }

    /// The journal forgets the steps of an element that has an output.
    @Test func theStepsOfAnElementThatHasEndedAreDone() throws {
        let dag = DAG(name: "Each", key: "each", of: [Int].self) { dag, input in
            dag.addIterator("each", over: input, { $0 }) { body, value in
                let first = body.addNode("first", after: value) { _, value in value }
                return body.addNode("last", after: first) { _, value in value }
            }
        }
        let shape = try dag.frozen().shape
        let body = try #require(shape.nodes.last?.body)
        var journal = TaskJournal(id: "t")
        #expect(TaskView(journal).states(of: body, prefix: "each[0]/")["first"] != .done)
        journal.apply(.result(path: "each[0]/last", attempt: 1, time: Walker.time, label: nil, bytes: [49]))
        #expect(TaskView(journal).states(of: body, prefix: "each[0]/").values.allSatisfy { $0 == .done })
    }

    @Test func theElementsOfNestedGraphsHaveTheirOwnSteps() throws {
        let shape = try GraphShape.nested()
        var journal = TaskJournal(id: "t")
        let ended = ["each[2]/part/rows[0]/row", "each[10]/part/rows[1]/row", "each[10]/part/rows[0]/row"]
        for path in ended + ["each[10]/part/sum"] {
            journal.apply(.result(path: path, attempt: 1, time: Walker.time, label: nil, bytes: [49]))
        }
        #expect(
            TaskView(journal).lines(of: shape).map { "\($0.path) \($0.state?.rawValue ?? "-")" } == [
                "each running",
                "each[2]/part running", "each[2]/part/rows running", "each[2]/part/rows[0]/row done",
                "each[2]/part/sum pending", "each[2]/end pending",
                "each[10]/part done", "each[10]/part/rows done", "each[10]/part/rows[0]/row done",
                "each[10]/part/rows[1]/row done", "each[10]/part/sum done", "each[10]/end ready",
                "eaches ready", "last pending",
            ])
        #expect(TaskView(journal, running: ["eaches[0]/row"]).states(of: shape)["eaches"] == .running)
    }
}
