import Foundation
import Testing
import WAL
import WALTesting

@testable import WALFlow

/// A task that continues from any prefix of its records ends the same, and repeats no finished step.
@Suite struct PrefixTests {
    static let count = ProcessInfo.processInfo.environment["WAL_LONG"] == nil ? 150 : 20_000

    private static func hash(_ path: String, _ attempt: UInt32) -> UInt64 {
        GraphShape.hash("\(path) \(attempt)")
    }

    /// Some attempts fail. In every third graph, some steps fail permanently.
    private static func fails(_ seed: UInt64) -> (String, UInt32) -> (isFailed: Bool, isFinal: Bool) {
        { path, attempt in
            let hash = hash(path, attempt) &+ seed
            if seed % 3 == 0, GraphShape.hash(path) % 11 == seed % 11 { return (true, attempt >= 2) }
            return (hash % 4 == 0 && attempt < 4, false)
        }
    }

    @Test func everyPrefixOfRandomGraphsComesToTheSameEnd() async throws {
        var prefixes = 0
        for seed in 0..<UInt64(Self.count) {
            let plan = try RandomGraph.dag(seed: seed).frozen().plan
            let fails = Self.fails(seed)
            var whole = try Walker(plan, input: Int(seed), seed: seed, fails: fails)
            let outcome = try #require(try await whole.finish(), "seed \(seed) hangs")
            let expected = try outcome.text(plan)
            for length in 1...whole.records.count {
                let past = Array(whole.records[..<length])
                var rest = try Walker(plan, input: Int(seed), after: past, seed: seed &+ 1, fails: fails)
                let finished = Set(rest.journal.steps.filter { $0.value.result != nil || $0.value.hasFailed }.keys)
                let attempts = rest.journal.steps.mapValues(\.attempt)
                let end = try #require(try await rest.finish(), "seed \(seed), \(length) records: hangs")
                #expect(try end.text(plan) == expected, "seed \(seed), \(length) records")
                let repeated = rest.runs.keys.filter(finished.contains)
                #expect(repeated.isEmpty, "seed \(seed), \(length) records: \(repeated) ran again")
                for (path, count) in rest.runs {
                    let last = rest.journal.steps[path]?.attempt ?? 0
                    // The steps of an element are forgotten after its end.
                    guard last > 0 else { continue }
                    #expect(UInt32(count) == last - (attempts[path] ?? 0), "seed \(seed), \(length) records: \(path)")
                }
                prefixes += 1
            }
        }
        #expect(prefixes > 10 * Self.count)
    }

    @Test func aRestartHandsOutWhatTheRunningTaskHadOpen() async throws {
        for seed in 0..<UInt64(Self.count) {
            let plan = try RandomGraph.dag(seed: seed).frozen().plan
            var walker = try Walker(plan, input: Int(seed), seed: seed, fails: Self.fails(seed))
            _ = try await walker.finish { live in
                guard live.execution.failure == nil, live.execution.outcome(isRunning: false) == nil else { return }
                let again = try Walker(plan, input: Int(seed), after: live.records, seed: seed) { _, _ in (false, false)
                }
                #expect(again.openPaths == live.openPaths, "seed \(seed), after \(live.records.count) records")
                #expect(again.journal.steps == live.journal.steps, "seed \(seed), after \(live.records.count) records")
            }
        }
    }

    /// Without its handler, what a failed step had begun would stay.
    @Test(arguments: [["a", "b"], ["b", "a"]])
    func aRestartHandsOutTheHandlersOfAllFailures(_ order: [String]) async throws {
        let dag = DAG(name: "Undo", key: "undo", of: Int.self) { dag, input in
            let nodes = ["a", "c", "b"].map { id in
                let node = dag.addNode(id, after: input) { _, value in value }
                dag.onFailure(of: node, "undo-\(id)") { _, _ in }
                return node
            }
            let wait = dag.addWait("wait", after: input, for: Int.self)
            return dag.addNode("last", after: nodes[0], nodes[1], nodes[2], wait) { _, _, _, _, last in last }
        }
        let plan = try dag.frozen().plan
        let never: (String, UInt32) -> (isFailed: Bool, isFinal: Bool) = { _, _ in (false, false) }
        let begun = try Walker(plan, input: 1, seed: 1, fails: never).records
        func failure(_ path: String, at second: Int, isFinal: Bool) -> FlowRecord.Event {
            let time = Walker.time + .seconds(second)
            return .failure(path: path, attempt: 1, time: time, error: "broken", retryAt: isFinal ? nil : time)
        }
        // All three ran when the first one failed.
        let past = [failure(order[0], at: 1, isFinal: true), failure(order[1], at: 2, isFinal: true)]
        let waits = failure("c", at: 3, isFinal: false)
        var again = try Walker(plan, input: 1, after: begun + past + [waits], seed: 1, fails: never)
        #expect(again.openPaths == ["undo-a", "undo-b"])
        #expect(again.execution.failure?.path == order[0] && again.execution.outcome(isRunning: false) == nil)
        let outcome = try #require(try await again.finish())
        #expect(try outcome.text(plan) == "failed")
        #expect(again.runs == ["undo-a": 1, "undo-b": 1])
        // A handler that has run isn't handed out again.
        let rest = try Walker(plan, input: 1, after: again.records, seed: 1, fails: never)
        #expect(rest.openPaths.isEmpty && rest.execution.outcome(isRunning: false) != nil)
    }

    /// A step that has run took the first failure, so the others must get it, too.
    @Test(arguments: [["a", "b"], ["b", "a"]])
    func aRestartKeepsTheFirstFailureOfAnElement(_ order: [String]) async throws {
        let dag = DAG(name: "Each", key: "each", of: Int.self) { dag, input in
            let each = dag.addCollectingIterator("each", over: input, { [$0] }) { body, value in
                let a = body.addNode("a", after: value) { _, value in value }
                let b = body.addNode("b", after: value) { _, value in value }
                return body.addNode("sum", after: a, b) { _, a, b in a + b }
            }
            return dag.addNode("place", after: each) { _, results -> String in
                guard case .failure(let failure)? = results.first else { return "none" }
                return failure.path
            }
        }
        let plan = try dag.frozen().plan
        let never: (String, UInt32) -> (isFailed: Bool, isFinal: Bool) = { _, _ in (false, false) }
        let begun = try Walker(plan, input: 1, seed: 1, fails: never).records
        // Both ran when the first one failed.
        let past = order.enumerated().map { second, id in
            FlowRecord.Event.failure(
                path: "each[0]/\(id)", attempt: 1, time: Walker.time + .seconds(second), error: "broken", retryAt: nil)
        }
        var again = try Walker(plan, input: 1, after: begun + past, seed: 1, fails: never)
        let outcome = try #require(try await again.finish())
        #expect(try outcome.text(plan) == "each[0]/\(order[0])")
    }

    /// A value that can be encoded but not decoded, as of another type.
    private struct Unreadable: Codable, Sendable {
        init() {}
        init(from decoder: any Decoder) throws { throw TestError("unreadable") }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(1)
        }
    }

    /// The element would never end, and the task would hang.
    @Test func anOptionalOutputThatCanNotBeDecodedFailsItsElement() async throws {
        let dag = DAG(name: "Each", key: "each", of: Int.self) { dag, input in
            let each = dag.addIterator("each", over: input, { [$0] }) { body, value in
                // The output's result isn't all that the element needs.
                _ = body.addNode("side", after: value) { _, value in value }
                return body.addOptionalNode("last", after: value) { _, _ in Unreadable() }
            }
            return dag.addNode("count", after: each) { _, values in values.count }
        }
        let plan = try dag.frozen().plan
        var walker = try Walker(plan, input: 1, seed: 1) { _, _ in (false, false) }
        let outcome = try #require(try await walker.finish(), "hangs")
        #expect(try outcome.text(plan) == "failed")
        #expect(walker.execution.failure?.path == "each[0]/last")
    }

    @Test func recordsThatAreReadTwiceChangeNothing() async throws {
        for seed in 0..<UInt64(Self.count) {
            let plan = try RandomGraph.dag(seed: seed).frozen().plan
            var walker = try Walker(plan, input: Int(seed), seed: seed, fails: Self.fails(seed))
            _ = try await walker.finish()
            for length in 1...walker.records.count {
                var once = TaskJournal(id: "task")
                for event in walker.records[..<length] { once.apply(event) }
                var twice = once
                // Like a checkpoint that a crash cut off at any place.
                let checkpoint = once.records
                for event in checkpoint { twice.apply(event) }
                #expect(twice == once, "seed \(seed), \(length) records")
                var restored = TaskJournal(id: "task")
                for event in checkpoint { restored.apply(event) }
                #expect(restored.steps == once.steps, "seed \(seed), \(length) records")
                #expect(restored.retryCount == once.retryCount && restored.resumedCount == once.resumedCount)
            }
        }
    }
}
