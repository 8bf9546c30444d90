import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// A task that continues with a changed graph ends. It repeats no step, and runs no step that a finished one depends on.
@Suite struct GraphChangeTests {
    private static let isLong = ProcessInfo.processInfo.environment["WAL_LONG"] != nil

    /// Whether one step precedes another in a graph that has both.
    private static func isAncestor(_ first: Substring, of second: Substring, in shape: GraphShape) -> Bool {
        let (a, b) = (first.prefix { $0 != "/" && $0 != "[" }, second.prefix { $0 != "/" && $0 != "[" })
        guard a == b else {
            var open = [String(b)]
            var seen: Set<String> = []
            while let id = open.popLast() {
                if id == a { return true }
                if seen.insert(id).inserted { open += shape.nodes.first { $0.id == id }?.parents ?? [] }
            }
            return false
        }
        guard let slash = first.firstIndex(of: "/"), let other = second.firstIndex(of: "/"),
            first[..<slash] == second[..<other], let body = shape.nodes.first(where: { $0.id == a })?.body
        else { return false }
        return isAncestor(first[first.index(after: slash)...], of: second[second.index(after: other)...], in: body)
    }

    @Test func aTaskThatIsNotParkedContinues() async throws {
        var (continued, parked) = (0, 0)
        for seed in 0..<UInt64(Self.isLong ? 20_000 : 150) {
            let old = try RandomGraph.dag(seed: seed).frozen()
            let new = try RandomGraph.dag(seed: seed, changedBy: seed).frozen()
            let never: (String, UInt32) -> (isFailed: Bool, isFinal: Bool) = { _, _ in (false, false) }
            var whole = try Walker(old.plan, input: Int(seed), seed: seed, fails: never)
            _ = try await whole.finish()
            for length in stride(from: 1, through: whole.records.count, by: 1 + whole.records.count / 6) {
                var past = Array(whole.records[..<length])
                // In half of the cases, a checkpoint has left out the records that the old graph doesn't need.
                if length % 2 == 0 {
                    past = try Walker(old.plan, input: Int(seed), after: past, seed: seed, fails: never).journal.records
                }
                var journal = TaskJournal(id: "task")
                for event in past { journal.apply(event) }
                guard GraphChange(from: old.shape, to: new.shape).conflict(with: journal) == nil else {
                    parked += 1
                    continue
                }
                continued += 1
                let finished = journal.steps.filter { $0.value.result != nil }.keys
                var rest = try Walker(new.plan, input: Int(seed), after: past, seed: seed, fails: never)
                let end = try #require(try await rest.finish(), "seed \(seed), \(length) records: hangs")
                #expect(try end.text(new.plan) != "failed", "seed \(seed), \(length) records")
                for path in rest.runs.keys {
                    #expect(!finished.contains(path), "seed \(seed), \(length) records: \(path) ran again")
                    let late = finished.filter { Self.isAncestor(path[...], of: $0[...], in: new.shape) }
                    #expect(late.isEmpty, "seed \(seed), \(length) records: \(path) ran after \(late)")
                }
            }
        }
        #expect(continued > 100 && parked > 50, "\(continued) continued, \(parked) were parked")
    }

    /// The check that a tool makes before the program starts agrees with the program.
    @Test func theRunnerParksWhatTheCheckNames() async throws {
        var (continued, parked) = (0, 0)
        for seed in 0..<UInt64(Self.isLong ? 1000 : 12) {
            let directory = TemporaryDirectory()
            let old = RandomGraph.dag(seed: seed)
            let new = RandomGraph.dag(seed: seed, changedBy: seed)
            var storage = try await openStorage(directory)
            var runner = try await FlowRunner(
                storage: storage, dags: [old], configuration: .test, clock: ManualClock())
            let task = try await runner.process(Int(seed), by: old, id: "t")
            try await eventually { task.state.status == .completed || task.live.state.withLock { !$0.waiting.isEmpty } }
            await runner.close()
            try await storage.close()
            var table = JournalTable()
            try table.read(ReadOnlyLog(at: directory.path).reader(), through: nil)
            guard let journal = table.tasks["t"] else { continue }
            let shape = try #require(table.graphs[journal.graph])
            let reason = GraphChange(from: shape, to: try new.frozen().shape).conflict(with: journal)
            storage = try await openStorage(directory)
            runner = try await FlowRunner(storage: storage, dags: [new], configuration: .test, clock: ManualClock())
            let state = runner.task(id: "t", of: new)?.live.state.withLock(\.parked)
            #expect(state.flatMap { $0 } == reason.map { "graph changed: \($0)" }, "seed \(seed)")
            if reason == nil { continued += 1 } else { parked += 1 }
            await runner.close()
            try await storage.close()
        }
        #expect(continued > 0 && parked > 0, "\(continued) continued, \(parked) were parked")
    }

    @Test func eachElementOfANestedGraphIsChecked() throws {
        let longer = GraphChange(from: try GraphShape.nested(), to: try .nested(isLonger: true))
        let without = GraphChange(from: try GraphShape.nested(), to: try .nested(hasRows: false))
        var journal = TaskJournal(id: "t")
        func finish(_ path: String) {
            journal.apply(.result(path: path, attempt: 1, time: Walker.time, label: nil, bytes: [49]))
        }
        finish("eaches[0]/row")
        #expect(longer.conflict(with: journal) == nil && without.conflict(with: journal) == nil)
        // A failure isn't a result.
        let failed = "each[3]/part/rows[0]/row"
        journal.apply(.failure(path: failed, attempt: 1, time: Walker.time, error: "no", retryAt: nil))
        #expect(longer.conflict(with: journal) == nil && without.conflict(with: journal) == nil)
        // The first element in the order of texts is named.
        let end = "has ended, and its new graph has another end"
        for path in ["each[2]/part/rows[7]", "each[10]/part/rows[1]", "each[10]/part/rows[0]"] {
            finish("\(path)/row")
            #expect(longer.conflict(with: journal) == "the element \(path) \(end)")
            let element = path.prefix { $0 != "/" }
            let lost = "\(element)/part/rows has results, and the new graph doesn't have it"
            #expect(without.conflict(with: journal) == lost)
        }
    }
}
