import Foundation
import TestSupport
import Testing
import WAL
import WALTasks
import WALTesting

@testable import WALFlow

/// After a power loss, a step with a durable result doesn't run again, and an accepted task of a durable DAG ends.
@Suite(.serialized) struct PowerLossTests {
    private static let rounds = ProcessInfo.processInfo.environment["WAL_LONG"] == nil ? 6 : 200

    private static func dag(_ events: Events) -> DAG<Int, Int> {
        DAG(name: "Power", key: "power", of: Int.self, durability: .durable) { dag, input in
            var last = input
            for id in ["a", "b", "c", "d"] {
                last = dag.addNode(id, after: last) { step, value in
                    events.add(step.key)
                    return value + 1
                }
            }
            let each = dag.addIterator("each", over: last, { Array(0..<$0 % 5) }, concurrency: 2) { body, value in
                body.addNode("e", after: value) { step, value in
                    events.add(step.key)
                    return value
                }
            }
            return dag.addNode("sum", after: each) { step, values in
                events.add(step.key)
                return values.reduce(0, +)
            }
        }
    }

    /// The steps whose results are durable, because a later step has begun.
    private static func finished(_ begun: [String]) -> Set<String> {
        let chain = ["a", "b", "c", "d"]
        var finished: Set<String> = []
        for key in begun {
            guard let slash = key.firstIndex(of: "/") else { continue }
            let (task, path) = (key[..<slash], String(key[key.index(after: slash)...]))
            let before = chain.firstIndex(of: path).map { Array(chain[..<$0]) } ?? chain
            for step in before { finished.insert("\(task)/\(step)") }
            guard path == "sum" else { continue }
            for element in 0..<5 { finished.insert("\(task)/each[\(element)]/e") }
        }
        return finished
    }

    @Test(arguments: 0..<rounds)
    func durableStepsDontRunAgain(_ round: Int) async throws {
        let place = TemporaryDirectory()
        let after = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
        let disk = try FaultyStorage(place.path, recording: true)
        var configuration = TaskBufferConfiguration()
        configuration.segmentSize = 128 << 10
        configuration.syncPolicy = .manual
        let storage = try await BufferedTaskStorage.memory(log: place.path + "/log", configuration: configuration)
        let events = Events()
        let runner = try await FlowRunner(storage: storage, dags: [Self.dag(events)], configuration: .test)
        var accepted: [String] = []
        var generator = SeededGenerator(seed: UInt64(round))
        for number in 0..<20 {
            let id = "\(round)-\(number)"
            _ = try await runner.process(number, by: Self.dag(events), id: id)
            accepted.append(id)
        }
        // The power loss comes in the middle of these tasks.
        let known = Self.finished(events.all)
        let images = try #require(disk.crashState()?.images(of: .sector))
        for _ in 0..<4 {
            try? FileManager.default.removeItem(atPath: after.path)
            try images.random(using: &generator).write(to: after.path)
            let rest = Events()
            let storage = try await BufferedTaskStorage.memory(log: after.path + "/log", configuration: configuration)
            let again = try await FlowRunner(storage: storage, dags: [Self.dag(rest)], configuration: .test)
            let live = Set(again.liveTasks)
            try await eventually { again.liveTasks.isEmpty }
            // The store is new. It gets the rows from before the power loss again.
            try await storage.drain()
            let repeated = Set(rest.all).intersection(known)
            #expect(repeated.isEmpty, "round \(round): \(repeated) ran again")
            for id in accepted where !live.contains(id) {
                // It ended before the power loss, so its row is in the log.
                #expect(try await storage.task(id: id)?.status == .completed, "round \(round): \(id) is lost")
            }
            await again.close()
            try await storage.close()
        }
        await runner.close()
        try await storage.close()
    }
}
